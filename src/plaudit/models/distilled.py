"""N-grams taught by a slower, better model: its accuracy comes near, at the n-grams' own speed.

Knowledge distillation (Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network") without
temperature: the teacher answers texts that nobody has labelled, and the n-grams learn its probabilities there and the
labels where there are labels. What is saved is an n-gram model like any other; the teacher is not needed again.

The teacher may also be a file of answers, of whatever gave them (`teacher_answers`).

The decision to question: the teacher answers a long text part by part, not as a whole. Four answers to four parts say
which words decide, one answer to all of it does not, and they cost no more (docs/log.md, 2026-11-23).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.dataset import normalise_texts
from plaudit.data.labels import label_name
from plaudit.errors import ConfigError, DataError
from plaudit.models.asking import ask
from plaudit.models.base import Classifier
from plaudit.models.blend import BlendClassifier
from plaudit.models.loading import load
from plaudit.models.ngram import NgramClassifier
from plaudit.models.ngram_fitting import as_answers
from plaudit.models.teacher_answers import TeacherAnswers, is_answers_file, read_answers
from plaudit.models.training_data import Course, TrainingData
from plaudit.settings import DistilledArguments
from plaudit.text.parts import in_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray


class DistilledClassifier(DistilledArguments, NgramClassifier):
    """An n-gram model that a teacher has shown many more texts than there are labels.

    Attributes:
        teacher_: The model that taught; None when loaded, or when a file did.
    """

    packages: ClassVar[tuple[str, ...]] = BlendClassifier.packages
    uses_unlabelled: ClassVar[bool] = True
    streams: ClassVar[bool] = False
    resumes: ClassVar[bool] = True
    teacher_: Classifier | None = None
    _asked: tuple[object, pa.LargeStringArray, NDArray[np.float64]] | None = None

    def _fit(self, data: TrainingData, course: Course) -> None:
        """Learn from N labelled texts and from the teacher's answers to the parts of M texts without labels.

        Of a teacher that is a file all texts that it answers are learned, whole as they stand there, or those that are
        also among the `unlabelled`; none that is equal to a text of `validation` except for case and punctuation.
        `validation` and `monitors` are otherwise for a teacher that is trained here, and so is `checkpoint`; the
        answers of any model are kept beside that.

        Raises:
            ConfigError: There are no unlabelled texts.
            DataError: The teacher knows other classes, or a file has no answer that could be learned.
            As `BlendClassifier` and `NgramClassifier` do.
        """
        more = course.further_texts()
        self.teacher_ = None
        answers = read_answers(self.teacher).answers() if is_answers_file(self.teacher) else self.teacher
        if isinstance(answers, TeacherAnswers):
            answers = answers if more is None else answers.of(more)
            parts, taught, note = _learnable(answers, data, course.watched_texts())
        else:
            if more is None or not len(more):
                raise ConfigError(
                    "a distilled model learns from texts without labels: give some with --unlabelled FILE, "
                    "or a file of answers with --teacher FILE."
                )
            teacher = load(answers) if isinstance(answers, str | Path) else answers
            if teacher is None:
                teacher = BlendClassifier(class_weight=self.class_weight, seed=self.seed)._fit_data(data, course)
            _check_classes(teacher, data)
            parts = in_parts(more)
            taught = self._ask(teacher, parts, course.checkpoint, resume=course.resume)
            self.teacher_ = teacher
            note = f"{len(more):,} texts without labels were answered by the teacher, in {len(parts):,} parts."
        weights = data.weights
        if weights is not None:
            weights = np.concatenate([weights, np.ones((len(parts), *weights.shape[1:]))])
        self._fit_answers(
            pa.concat_arrays([data.texts, parts]),
            np.concatenate([as_answers(data.targets), taught[:, 1:] if data.n_logits == 1 else taught]),
            weights,
            multi_label=data.multi_label,
        )
        self.notes_ = (note,)

    def _ask(
        self, teacher: Classifier, texts: pa.LargeStringArray, checkpoint: Path | None, *, resume: bool
    ) -> NDArray[np.float64]:
        """Return a teacher's probabilities of texts, float64 [M, C]; one that was given is asked of the same ones once.

        A refit on more labelled texts, or a search over settings, asks again, and a slow teacher takes minutes.
        """
        if self._asked is None or self._asked[0] is not self.teacher or not self._asked[1].equals(texts):
            self._asked = None
            answers = ask(teacher, texts, checkpoint=checkpoint, resume=resume)
            if self.teacher is None:  # a teacher that was trained here is another one each time
                return answers
            self._asked = (self.teacher, texts, answers)
        return self._asked[2]

    def _stored_params(self) -> dict[str, Any]:
        # What is saved is an n-gram model, which has no teacher.
        return {name: value for name, value in self.get_params().items() if name != "teacher"}


def _check_classes(teacher: Classifier, data: TrainingData) -> None:
    if teacher.classes_.tolist() != data.classes.tolist() or teacher.multi_label_ != data.multi_label:
        raise DataError(
            f"the teacher answers {', '.join(teacher.class_names)[:200]}, but the labels are "
            f"{', '.join(map(str, data.classes))[:200]}."
        )


def _learnable(
    answers: TeacherAnswers, data: TrainingData, watched: pa.LargeStringArray | None
) -> tuple[pa.LargeStringArray, NDArray[np.float64], str]:
    """Return the texts that a file answers, the classes' probabilities, float64 [M, C], and what was left out.

    Raises:
        DataError: Nothing is left, or the file's answers are none to these classes.
    """
    names = [label_name(name) or "" for name in data.classes.tolist()]
    shares = answers.probabilities(names, multi_label=data.multi_label)
    is_answered = ~np.isnan(shares).any(axis=1)
    is_watched = np.zeros(len(answers), np.bool_)
    if watched is not None and len(answers):
        held = normalise_texts(watched)
        is_watched = pc.is_in(normalise_texts(answers.texts), value_set=held).to_numpy(zero_copy_only=False)
    kept = is_answered & ~is_watched
    left_out = [
        f"{count:,} {why}"
        for count, why in (
            (int((~is_answered).sum()), "without an answer"),
            (int((is_answered & is_watched).sum()), "equal to validation texts"),
        )
        if count
    ]
    left = f"; left out: {', '.join(left_out)}" if left_out else ""
    if not kept.any():
        raise DataError(
            f"{answers.table.path}: it answers no text that could be learned from{left}. With --unlabelled only texts "
            "that are there too count."
        )
    note = f"{int(kept.sum()):,} texts are answered in {answers.table.path}{left}."
    return answers.where(kept).texts, shares[kept], note
