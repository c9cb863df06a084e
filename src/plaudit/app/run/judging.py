"""What judges a run's model honestly: its calibration, the texts that it has not met, and all of few texts.

**Calibration** is chosen on validation texts, and measured on those that did not choose it.

**Met texts.** Where the parts are given, texts may stand on both sides; what a model memorised of them flatters. And a
file that was copied, sorted, joined with another or written in another format holds texts that a model was trained on.
So a run keeps hashes of its texts in its folder. Equal means equal after normalising (`data.dataset.normalise_texts`),
as everywhere; near-duplicates are not looked for. The decision to question: a text is known by 64 bits of a hash, 8 MiB
at most for a part; of a part of more than a million texts nothing is kept. Whoever has a text can ask whether it is
among them; none can be read back.

**Few texts** are cross-validated: each is answered by a model that was trained on the others, for a fifth of 40 texts
is 8, whose accuracy says next to nothing. Texts that are equal stay in one fold, and so do the groups of `--group-by`.
The decision to question: the settings are those that the run decided on its training texts, so that a fold's texts may
have had a say in them; the weights never saw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.app.run.parts import is_size, join_texts
from plaudit.data import Dataset
from plaudit.data.grouping import join_groups
from plaudit.data.spill import shared_rows
from plaudit.evaluation import Answers, Reliability, answer
from plaudit.models import Classifier
from plaudit.models.artifact import read_tensors
from plaudit.models.out_of_fold import deal_folds
from plaudit.models.recipes import build, settings_of
from plaudit.progress import doing
from plaudit.registry import find_recipe
from plaudit.training.class_scaling import ClassScaling, choose_scaling
from plaudit.training.temperature import LEAST_TEXTS
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.app.run.parts import Parts
    from plaudit.config import RunConfig, TrainingConfig


@dataclass(frozen=True)
class Calibrated:
    """A model's probabilities on its validation texts.

    Attributes:
        temperature: What its logits are divided by.
        by_class: A scale and a shift for each class in its place; None for none.
        validation: What it answers to the validation texts with it; scaled by class, which may move answers, each text
            with what other texts chose.
        loss_before: The log loss without it.
        before: Probabilities beside what came true, without it.
        after: The same with it: of each text with what other texts chose, so that none flatters.
        loss: The log loss, likewise.
    """

    temperature: float
    by_class: ClassScaling | None
    validation: Answers
    loss_before: float
    before: Reliability
    after: Reliability
    loss: float

    @property
    def logits(self) -> NDArray[np.floating]:
        """Those of the validation texts with the temperature, float [N, K]."""
        assert self.validation.logits is not None  # a classifier answered
        return self.validation.logits

    @property
    def is_scaled(self) -> bool:
        """Whether logits are scaled at all."""
        return self.temperature != 1 or self.by_class is not None

    def to_dict(self) -> dict[str, Any]:
        """Return what metrics.json keeps as "calibration"; all but the first two are of the validation texts."""
        return {
            "temperature": self.temperature,
            "classes_scaled": 0 if self.by_class is None else self.by_class.n_own,
            "loss_before": self.loss_before,
            "loss": self.loss,
            "calibration_error_before": self.before.error,
            "calibration_error": self.after.error,
        }

    def sentence(self, of: str = "") -> str:
        """Say what was chosen and what it brings; `of` names the model where there are several."""
        heading = f"Calibration of {of}" if of else "Calibration"
        if not self.is_scaled:
            n = len(self.validation)
            why = (
                f"fewer than {LEAST_TEXTS} validation texts, too few to choose a temperature"
                if n < LEAST_TEXTS
                else "no temperature lowers the out-of-sample log loss"
            )
            return f"{heading}: {why}; calibration error {self.after.error:.4f}."
        how = f"temperature {self.temperature:.4f}"
        if self.by_class is not None:
            how = f"{self.by_class.n_own} of {len(self.by_class.scale)} classes scaled by themselves"
        return (
            f"{heading}: {how}; out-of-sample validation log loss "
            f"{self.loss_before:.4f} -> {self.loss:.4f}, calibration error {self.before.error:.4f} -> "
            f"{self.after.error:.4f}."
        )


def calibrate(model: Classifier, validation: Dataset) -> Calibrated:
    """Calibrate a fitted model and measure it; its logits, which may take minutes, are computed once."""
    model.forget_scaling()
    raw = model.logits(validation.texts)
    before = answer(model, validation, logits=raw)
    chosen = choose_scaling(raw, before.labels, alike=before.alike)
    model.temperature_, model.class_scaling_ = chosen.temperature, chosen.by_class
    scaled = model.scaled(raw)  # as `logits` does from now on
    crossed = answer(model, validation, logits=chosen.cross_fitted)
    after = answer(model, validation, logits=scaled)
    if chosen.by_class is not None:
        after = replace(crossed, logits=scaled, raw=raw)
    return Calibrated(
        temperature=model.temperature_,
        by_class=model.class_scaling_,
        validation=after,
        loss_before=float(before.losses.mean()),
        before=before.reliability,
        after=crossed.reliability,
        loss=float(crossed.losses.mean()),
    )


def unseen_rows(texts: Dataset, seen: Sequence[Dataset]) -> NDArray[np.bool_]:
    """Return which of N texts are in none of `seen`, bool [N]."""
    rows = np.ones(len(texts), np.bool_)
    for part in seen:
        rows &= ~shared_rows(part, texts)
    return rows


def taught_rows(teacher: str | None, unlabelled: Dataset | None, test: Dataset) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which of N test texts a distilled model may know through its teacher, bool [N], and lines that say so.

    These are the texts that the teacher answered for it, and those that the teacher itself was trained or chosen on,
    whose labels it hands on.
    """
    answered, learned, lines = np.zeros(len(test), np.bool_), np.zeros(len(test), np.bool_), []
    if unlabelled is not None:
        answered = shared_rows(unlabelled, test)
    if n := int(answered.sum()):
        lines.append(
            f"note: {counted(n, 'test text is', 'test texts are')} also among the texts without labels "
            "(equal except for case and punctuation)."
        )
    if teacher is not None and (met := Met.read(Path(teacher).expanduser())) is not None:
        learned = met.is_seen(test)
    if n := int(learned.sum()):
        lines.append(
            f"note: the teacher was trained or chosen on {n:,} of the {counted(len(test), 'test text')}, and hands "
            "on their labels: figures of these are optimistic. A teacher that was trained on the same parts has not "
            "seen them."
        )
    return answered | learned, lines


_MET_FILE = "seen.safetensors"
_MET_PARTS = ("trained", "validated", "tested")
_MOST_MET = 1 << 20  # texts of a part


@dataclass(frozen=True, eq=False)
class Met:
    """The hashes of the texts that a model was trained, chosen and tested on, each uint64, ascending."""

    trained: NDArray[np.uint64]
    validated: NDArray[np.uint64]
    tested: NDArray[np.uint64]

    @classmethod
    def of(cls, trained: Sequence[Dataset], validated: Sequence[Dataset], tested: Sequence[Dataset]) -> Met:
        """Take note of a run's texts."""
        return cls(*(_hashes(parts) for parts in (trained, validated, tested)))

    @classmethod
    def of_run(cls, parts: Parts, test: Dataset, training: TrainingConfig, taught: NDArray[np.bool_]) -> Met:
        """Take note of a run's texts; trained on are those of a refit, of --final and of `taught_rows`, too."""
        known = test if training.final else test.take(np.flatnonzero(taught))
        more = (*((parts.validation,) if training.refit else ()), known)
        return cls.of((parts.train, *more), (parts.validation,), (test,))

    @classmethod
    def read(cls, folder: Path) -> Met | None:
        """Return what `write` wrote; None where the folder has nothing, as those of older versions.

        Raises:
            ModelError: The file is damaged.
        """
        path = folder / _MET_FILE
        if not path.is_file():
            return None
        found = read_tensors(path, dict.fromkeys(_MET_PARTS, (-1, 2)), np.uint32)
        return cls(*(np.sort(found[name].view(np.uint64).reshape(-1)) for name in _MET_PARTS))

    def write(self, folder: Path) -> None:
        """Write them into an existing folder."""
        from safetensors.numpy import save

        arrays = {name: getattr(self, name).view(np.uint32).reshape(-1, 2) for name in _MET_PARTS}
        (folder / _MET_FILE).write_bytes(save(arrays))

    def is_seen(self, texts: Dataset) -> NDArray[np.bool_]:
        """Return which of N texts the model was trained on, or chosen by, bool [N]."""
        return np.isin(texts.digests, np.concatenate([self.trained, self.validated]))

    def is_for_choosing(self, texts: Dataset) -> NDArray[np.bool_]:
        """Return on which of N texts a rule may be chosen, bool [N]: neither trained nor tested on."""
        return ~np.isin(texts.digests, np.concatenate([self.trained, self.tested]))


def _hashes(parts: Sequence[Dataset]) -> NDArray[np.uint64]:
    if sum(map(len, parts)) > _MOST_MET:
        return np.zeros(0, np.uint64)
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *(each.digests for each in parts)]))


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
