"""Which recipe suits a data set: a rule from the literature, and what was measured with this project's recipes.

`look_at` reads a data set and `advise` decides from what it found, so that the rule is a pure function. Nothing is
trained. The rule is that of Google's guide to text classification, step 2.5
(https://developers.google.com/machine-learning/guides/text-classification/step-2-5): the number of texts divided by
the median number of words in a text; below 1,500 n-grams did as well as anything in its 450,000 experiments, above it
models that read texts as sequences won.

What is advised is what `plaudit train --recipe auto` trains; what would take longer stands beside it.

The decision to question: the network, the tutorial's, is never advised. It is quick to understand and to export;
n-grams were more accurate wherever the two were compared (docs/recipes.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import DataError
from plaudit.registry import BUILT_IN, WORDS_READ, Cost, Frozen, Recipe
from plaudit.text import TokenColumn, WordTokenizer
from plaudit.text.languages import guess_language, language_name
from plaudit.text.scripts import script_shares
from plaudit.text.token_memory import take_texts, tokens_of
from plaudit.text.tokens import IN_WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.data import Dataset

THRESHOLD = 1_500  # texts per word of a text; Google's guide, step 2.5
# What trains longer is an alternative and no advice: a person who asked for nothing in particular does not wait.
LONGEST_WAIT_S = 600.0
_QUICK_S = 150.0  # within it the frozen encoder is tried beside n-grams: ten thousand texts of 40 words
_GUIDE = "(Google's guide to text classification)"
_ON_SHORT_TEXTS = "On short English questions (TREC) 0.962, n-grams 0.894; on text messages 0.983 and 0.989."
_FROZEN = "best --frozen"
_BESIDE = "Kept unless n-grams alone have a clearly lower validation log loss."
_WITH_FEW_REVIEWS = "On 50 and 200 movie reviews 0.723 and 0.810, n-grams 0.670 and 0.778."
_N_LOOKED_AT = 5_000  # texts, evenly spaced; the median of so many is within 2 % of the whole's
_FEW_TEXTS, _RARE = 500, 0.2  # below: figures are uncertain; a class has less than a fifth of an equal share


@dataclass(frozen=True)
class DataFacts:
    """What the rule asks of a data set.

    Attributes:
        n_texts: N, the labelled texts to train on, at least 1.
        median_words: Words in the middle one of them, at least 1; of scripts without spaces, characters.
        mean_words: The same on average.
        mean_words_read: On average, when no text counts for more than the encoder reads.
        class_counts: Texts of each class by name; of a multi-label set they add up to more or less than N.
        is_multi_label: Whether a text may have several classes.
        scripts: Share of the letters by script, largest first.
        language: ISO 639-1 code of the language that the texts are in; None where nothing tells.
        n_unlabelled: Further texts without labels.
    """

    n_texts: int
    median_words: int
    mean_words: float
    mean_words_read: float
    class_counts: dict[str, int]
    is_multi_label: bool
    scripts: dict[str, float]
    language: str | None
    n_unlabelled: int = 0

    @property
    def ratio(self) -> float:
        """Texts divided by the words of the median text."""
        return self.n_texts / self.median_words

    @property
    def is_english(self) -> bool:
        """Whether the texts are in the language that the encoders on hand read."""
        return self.language == "en"


@dataclass(frozen=True)
class Machine:
    """What training would run on.

    Attributes:
        cores: Usable ones, at least 1.
        has_torch: Whether what the encoder needs is installed: torch, transformers and its weights.
        gpu: The name of a GPU that torch can use; None where there is none or nobody asked.
    """

    cores: int
    has_torch: bool
    gpu: str | None = None


@dataclass(frozen=True)
class Option:
    """A recipe with what speaks for it.

    Attributes:
        recipe: Its name.
        reason: A sentence or two.
        seconds: The estimated training time; None where nothing was measured.
    """

    recipe: str
    reason: str
    seconds: float | None


@dataclass(frozen=True)
class Advice:
    """What to train, why, what else might be worth it, and what to watch.

    Attributes:
        choice: The recipe to take first.
        beside: One that is trained beside it, of which the better is kept; None for none.
        alternatives: Other recipes, each with what speaks for it.
        notes: What to know of the data.
    """

    choice: Option
    alternatives: tuple[Option, ...]
    notes: tuple[str, ...]
    beside: Option | None = None


def look_at(train: Dataset, *, n_unlabelled: int = 0, language: str | None = None) -> DataFacts:
    """Read what the rule asks from the training texts; of more than 5,000, lengths and scripts from 5,000 of them.

    A `language` that is given is taken as it is.

    Raises:
        DataError: There is no text, or there are no labels.
    """
    n = len(train)
    if not n or train.labels is None:
        raise DataError(f"{train.name}: expected labelled texts, got {'no texts' if not n else 'no labels'}.")
    chosen = np.unique(np.linspace(0, n - 1, min(n, _N_LOOKED_AT)).astype(np.int64))
    column = tokens_of(WordTokenizer(), take_texts(train.texts, chosen))
    is_word = pc.match_substring_regex(column.dictionary, IN_WORDS).to_numpy(zero_copy_only=False)
    words = _words_a_text(column, is_word)
    counts = np.bincount(column.values, minlength=len(column.dictionary)).astype(np.int64)
    scripts = script_shares(column.dictionary, counts)
    spelt = column.dictionary.filter(pa.array(is_word))
    return DataFacts(
        n_texts=n,
        median_words=max(1, round(float(np.median(words)))),
        mean_words=float(words.mean()),
        mean_words_read=float(np.minimum(words, WORDS_READ).mean()),
        class_counts=dict(zip(train.classes, texts_of_classes(train.labels, len(train.classes)), strict=True)),
        is_multi_label=train.labels.ndim == 2,
        scripts=scripts,
        language=language or guess_language(spelt, counts[is_word], scripts),
        n_unlabelled=n_unlabelled,
    )


def _words_a_text(column: TokenColumn, is_word: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many tokens of each text are words, int64 [N]; punctuation marks and symbols are none."""
    n_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(is_word[column.values])])
    return np.diff(n_before[column.offsets])


def texts_of_classes(labels: NDArray[np.integer], n_classes: int) -> list[int]:
    """Return how many texts each class has, from class numbers [N] or an indicator matrix [N, C]."""
    found = labels.sum(axis=0, dtype=np.int64) if labels.ndim == 2 else np.bincount(labels, minlength=n_classes)
    counts: list[int] = found.tolist()
    return counts


def cost_of(name: str) -> Cost | None:
    """Return what a built-in recipe costs by its name, as "best" or "best --frozen"; None where it was not measured."""
    recipe, _, frozen = name.partition(" ")
    found: Recipe | Frozen | None = BUILT_IN[recipe].frozen if frozen else BUILT_IN[recipe]
    return None if found is None else found.cost


def estimated_seconds(facts: DataFacts, machine: Machine, name: str) -> float | None:
    """Return about how long training takes on this machine's processor; None where that was not measured."""
    cost = cost_of(name)
    if cost is None:
        return None
    mean = facts.mean_words if cost.words_read is None else facts.mean_words_read
    share = 2 / machine.cores if cost.uses_cores else 1.0
    epochs = min(max(cost.epoch_texts // facts.n_texts, 1), 10)
    read, words = facts.n_texts * mean / 1e6, facts.n_texts * facts.mean_words / 1e6
    n_classes = len(facts.class_counts)
    n_logits = 1 if n_classes == 2 and not facts.is_multi_label else n_classes
    return (
        cost.fixed_s
        + epochs * share * cost.seconds_per_million * read
        + cost.seconds_per_million_logit * words * n_logits
    )


def imdb_accuracy(name: str) -> float | None:
    """Return the accuracy on IMDB's test reviews; None where it was not measured."""
    cost = cost_of(name)
    return None if cost is None else cost.imdb_accuracy


def _option(facts: DataFacts, machine: Machine, recipe: str, reason: str) -> Option:
    """Return a recipe, its name with its options, and how long it takes."""
    return Option(recipe, reason, estimated_seconds(facts, machine, recipe))


def advise(facts: DataFacts, machine: Machine) -> Advice:
    """Choose a recipe for a data set on a machine."""
    option = partial(_option, facts, machine)
    quotient = f"{facts.n_texts:,} texts / {facts.median_words:,} words a text = {facts.ratio:,.0f}"
    is_long = facts.ratio >= THRESHOLD
    can_read = machine.has_torch and facts.is_english
    is_bearable = machine.gpu is not None or (option("encoder", "").seconds or 0.0) <= LONGEST_WAIT_S
    recipe, beside = "ngram", None
    if is_long and can_read and is_bearable:
        recipe = "encoder"
        reason = f"{quotient}: from {THRESHOLD:,} on, models that use word order win {_GUIDE}."
    elif is_long:
        reason = f"{quotient}: from {THRESHOLD:,} on, models that use word order win {_GUIDE}, but "
        reason += _obstacle(facts, machine)
    else:
        reason = f"{quotient}: below {THRESHOLD:,}, n-grams do as well as models that use word order {_GUIDE}."
    if recipe == "ngram" and can_read:
        tried = option(_FROZEN, f"N-grams and a frozen encoder. {_BESIDE}")
        beside = tried if (tried.seconds or 0.0) <= _QUICK_S else None
    ours, network = imdb_accuracy(recipe), imdb_accuracy("network")
    if ours is not None and network is not None:
        reason += f" On IMDB's test reviews {recipe} reaches {ours:.3f}, the network {network:.3f}."
    return Advice(
        choice=option(recipe, reason),
        beside=beside,
        alternatives=tuple(_alternatives(facts, option, recipe, beside)) if can_read else (),
        notes=tuple(_notes(facts)),
    )


def _obstacle(facts: DataFacts, machine: Machine) -> str:
    if not facts.is_english:
        look = "do not look English" if facts.language is None else f"look {language_name(facts.language)}"
        return f"the encoder on hand reads English, and these texts {look}."
    if not machine.has_torch:
        return "the encoder needs torch and transformers, which are not installed (pip install 'plaudit[encoder]')."
    return "the encoder would take more than ten minutes on this processor."


def _alternatives(facts: DataFacts, option: Callable[..., Option], chosen: str, beside: Option | None) -> list[Option]:
    """Return what else a machine with torch can do for English texts, the quickest first."""
    options = []
    if chosen != "encoder":
        options.append(
            option("encoder", f"A pre-trained transformer; slower to train and to predict. {_ON_SHORT_TEXTS}")
        )
    if facts.n_texts >= _FEW_TEXTS:
        best = imdb_accuracy("best")
        reason = f"The encoder and n-grams together ({best} on IMDB), for accuracy alone; no quicker than the encoder."
        options.append(option("best", reason))
    elif beside is None:
        options.append(option(_FROZEN, f"The transformer is not trained. {_WITH_FEW_REVIEWS}"))
    if facts.n_unlabelled:
        reason = f"N-grams taught by a slow model on the {facts.n_unlabelled:,} texts without labels; quick to predict."
        options.append(option("distilled", reason))
    return options


def _notes(facts: DataFacts) -> list[str]:
    notes = []
    if facts.n_texts < _FEW_TEXTS:
        notes.append("Few texts: the figures' intervals will be wide, and a few hundred more labels would help most.")
    rarest = min(facts.class_counts, key=facts.class_counts.__getitem__)
    if facts.class_counts[rarest] < _RARE * sum(facts.class_counts.values()) / len(facts.class_counts):
        notes.append(
            f"{rarest!r} has {facts.class_counts[rarest]:,} texts only: look at its recall beside the accuracy; "
            "--class-weight balanced raises it at some cost elsewhere."
        )
    return notes
