"""Share out the logits of any classifier: which engine, which logit, and the scale that `Classifier.logits` has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.errors import ConfigError
from plaudit.explanation.explanation import ExplainedBatch, WordShares
from plaudit.registry import BUILT_IN, recipe_of_kind
from plaudit.text.words import Words, WordTokens, align

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models import Classifier

_CHUNK_TEXTS = 4_096


def share_out(
    model: Classifier, texts: pa.LargeStringArray, rows: NDArray[np.int64], classes: NDArray[np.int64]
) -> Iterator[ExplainedBatch]:
    """Yield the shares of words in one class's logit of each of M texts, some thousand at a time.

    Args:
        model: A fitted classifier.
        texts: Arrow ``large_string``.
        rows: int64 [M], which of them.
        classes: int64 [M], the class of each.
    """
    for start in range(0, len(rows), _CHUNK_TEXTS):
        part = slice(start, start + _CHUNK_TEXTS)
        chosen = texts.take(pa.array(rows[part]))
        words, tokens = align(chosen, engine(model).tokenizers(model))
        has_tokens = np.zeros(len(words.values), bool)
        for found in tokens:
            has_tokens |= found.by_word(np.ones(len(found.first)), len(has_tokens)) > 0
        is_shown = has_tokens | ~words.is_blank()
        shares = scaled_shares(model, chosen, coefficients(model, classes[part]), words, tokens)
        yield ExplainedBatch(rows[part], classes[part], words, is_shown, shares)


def scaled_shares(
    model: Classifier,
    texts: pa.LargeStringArray,
    weights: NDArray[np.float64],
    words: Words,
    tokens: list[WordTokens],
) -> WordShares:
    """Return the words' shares in a weighted sum (float64 [N, K]) of what `Classifier.logits` gives."""
    by_class = model.class_scaling_
    if by_class is None:
        found: WordShares = engine(model).word_shares(model, texts, weights, words, tokens)
        return found.scaled(1 / model.temperature_)
    found = engine(model).word_shares(model, texts, weights * by_class.scale, words, tokens)
    return found.shifted(weights @ by_class.shift)


def engine(model: Classifier) -> Any:  # Any: a module with `tokenizers` and `word_shares`
    """Return the module that shares out the logits of this kind of classifier, as its recipe's record names it.

    Raises:
        ConfigError: There is none.
    """
    recipe = recipe_of_kind(model.kind)
    if recipe is None or recipe.explainer is None:
        explained = {each.kind for each in BUILT_IN.values() if each.explainer is not None}
        can = ", ".join(name for name, each in BUILT_IN.items() if each.kind in explained)
        raise ConfigError(f"a model of the recipe {model.kind!r} cannot be explained; these recipes can: {can}.")
    return recipe.load_explainer()


def coefficients(model: Classifier, classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each text's logits are weighted by to give its class's, float64 [M, K].

    Of two classes the one logit, with its sign turned for the first class; of many the class's less the mean of all;
    multi-label the class's own.
    """
    n_classes = len(model.classes_)
    if model.multi_label_:
        return np.eye(n_classes)[classes]
    if n_classes == 2:
        return np.where(classes == 1, 1.0, -1.0)[:, None]
    return (np.eye(n_classes) - 1 / n_classes)[classes]


def explains_slowly(model: Classifier) -> bool:
    """Say whether explaining takes this kind of classifier seconds a text."""
    recipe = recipe_of_kind(model.kind)
    return recipe is not None and recipe.explains_slowly
