"""Few texts are cross-validated: each is answered by a model that was trained on the others.

A fifth of 40 texts is 8, whose accuracy says next to nothing. Texts that are equal stay in one fold, and so do the
groups of `--group-by`. The decision to question: the settings are those that the run decided on its training texts, so
that a fold's texts may have had a say in them; the weights never saw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.app.run.parts import is_size, join_texts
from plaudit.data import Dataset
from plaudit.data.grouping import join_groups
from plaudit.evaluation import Answers, answer
from plaudit.models.out_of_fold import deal_folds
from plaudit.models.recipes import build, settings_of
from plaudit.progress import doing
from plaudit.registry import find_recipe
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.config import RunConfig


N_FOLDS = 5
_FEW_TEXTS, _FEW_TESTED = 1_000, 200  # of a file, and of its test: a fifth gives an accuracy to within 3 to 7 points


@dataclass(frozen=True)
class CrossValidated:
    """What models of one recipe answered to texts that they were not trained on.

    Attributes:
        answers: To the N texts that could be judged.
        n_texts: All texts, of which those are not judged that alone have a class.
    """

    answers: Answers
    n_texts: int

    def to_dict(self) -> dict[str, Any]:
        """Return what metrics.json keeps as "cross_validation"."""
        return {"folds": N_FOLDS, "n_texts": self.n_texts, **self.answers.to_dict()}

    def sentence(self, n_test: int) -> str:
        """Say the figure, and which of the two to believe."""
        found = self.answers.metrics
        low, high = found.accuracy_interval.low, found.accuracy_interval.high
        left = self.n_texts - found.n
        alone = f" (not judged, because no other text has their class: {left:,})" if left else ""
        n_different = self.answers.repeats.n_different
        copies = f" ({n_different:,} of them different)" if n_different < found.n else ""
        return (
            f"Cross-validated ({N_FOLDS} folds, each text answered by a model trained on the others): accuracy "
            f"{found.accuracy:.4f} (95 % interval {low:.4f} to {high:.4f}), F1, macro {found.f1_macro:.4f}, on "
            f"{counted(found.n, 'text')}{copies}{alone}. Trust it more than the test figure, which has only "
            f"{counted(n_test, 'text')}. Its five models are thrown away; the test was scored before they were trained."
        )


def is_quick(config: RunConfig, n: int) -> bool:
    """Say whether a run's texts are so few that five more trainings of its recipe take seconds."""
    recipe = find_recipe(config.model.recipe)
    return n < (recipe.frozen_by(settings_of(config)) or recipe).quick_below


def why_not_crossed(config: RunConfig, n: int, *, is_cleaned: bool) -> str | None:
    """Return why a run of N texts is not cross-validated, in words; None where it is.

    `is_cleaned` says that the file was cleaned before, its test rows too.
    """
    data = config.data
    is_divided = data.test is not None and is_size(data.test) and (data.validation is None or is_size(data.validation))
    if not is_divided:
        return "the parts are given"
    if is_cleaned or data.clean or data.clean_file:
        return "rows were taken out of training, and each fold would have to be cleaned by itself"
    if data.streaming or data.unlabelled:
        return "its texts are streamed" if data.streaming else "there are texts without labels"
    return None if is_quick(config, n) else f"{config.model.recipe} is trained once (n-grams are cross-validated)"


def few_note(why: str, n: int, n_test: int) -> str | None:
    """Say which figure of N texts to believe, which are not cross-validated for a reason; None where they are many."""
    if n >= _FEW_TEXTS or n_test >= _FEW_TESTED:
        return None
    return (
        f"Few texts, and not cross-validated because {why}: believe the whole interval of the "
        f"{n_test:,} test texts, not the figure alone."
    )


def cross_validate(config: RunConfig, parts: Sequence[Dataset], *, temperature: float) -> CrossValidated | None:
    """Train on four folds and answer the fifth, five times; None where no text could be judged.

    Args:
        config: The run with everything decided.
        parts: Its texts, of the same classes; all are taken.
        temperature: By which the run's model divides its logits.
    """
    extra = pa.concat_tables([part.extra for part in parts], promote_options="permissive")
    whole = join_texts(parts)  # without further columns: no fold needs them, and there may be thousands
    groups = _fold_groups(replace(whole, extra=extra), config.data.group_by, near=config.data.keep_together == "near")
    labels = whole.labels
    assert labels is not None
    strata = np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    folds = deal_folds(groups, strata, N_FOLDS, seed=config.training.seed)
    folds[_unjudged(labels, folds, groups, n_classes=len(whole.classes))] = -1
    found: list[Answers] = []
    texts, alike = whole.text_numbers(), []
    for fold in range(N_FOLDS):
        held = whole.take(np.flatnonzero(folds == fold))
        if not len(held):
            continue
        learned = whole.take(np.flatnonzero(folds != fold))
        with doing(f"Cross-validating, part {fold + 1} of {N_FOLDS}"):
            model = build(config)
            model.fit(learned.texts, learned.label_column())
            model.temperature_ = temperature
            found.append(answer(model, held))
        alike.append(texts[folds == fold])
    if not found or len({each.classes for each in found}) > 1:
        return None
    answers = replace(
        found[0],
        labels=np.concatenate([each.labels for each in found]),
        probabilities=np.concatenate([each.probabilities for each in found]),
        predictions=np.concatenate([each.predictions for each in found]),
        logits=None,  # of five models
        raw=None,
        alike=np.concatenate(alike),
    )
    return CrossValidated(answers, len(whole))


def _fold_groups(whole: Dataset, column: str | None, *, near: bool) -> NDArray[np.int64]:
    groups = whole.text_numbers()
    if near:
        from plaudit.audit.duplicates import find_duplicates

        groups = join_groups(groups, find_duplicates(whole.texts).near)
    if column is not None:
        given = np.array([str(value) for value in whole.extra[column].to_pylist()])
        groups = join_groups(groups, np.unique(given, return_inverse=True)[1].reshape(-1).astype(np.int64))
    return groups


def _unjudged(
    labels: NDArray[np.integer], folds: NDArray[np.int64], groups: NDArray[np.int64], *, n_classes: int
) -> NDArray[np.bool_]:
    """Return which rows stay in training, bool [N]: those of groups with a class that no other fold has."""
    has = labels > 0 if labels.ndim == 2 else labels[:, None] == np.arange(n_classes)
    lost = np.zeros(len(labels), np.bool_)
    for fold in range(N_FOLDS):
        held = folds == fold
        lost |= held & has[:, ~has[~held].any(axis=0)].any(axis=1)
    return np.isin(groups, groups[lost])
