"""A teacher is asked run by run, and what it has answered outlives the process."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from plaudit import DistilledClassifier, NgramClassifier
from plaudit.data import Dataset
from plaudit.errors import ConfigError
from plaudit.models import asking
from plaudit.models.recipes import can_resume
from plaudit.progress import tell, telling


class Teacher(NgramClassifier):
    """Counts what it is asked, and may be interrupted."""

    asked = 0
    stops_after: float = np.inf

    def predict_proba(self, texts: Any) -> Any:
        if self.asked >= self.stops_after:
            raise KeyboardInterrupt
        self.asked += len(texts)
        answers = super().predict_proba(texts)
        tell(len(texts), 0.5)
        tell(len(texts), 1.0)
        return answers


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_RUN_TEXTS", 30)
    monkeypatch.setattr("plaudit.training.checkpoint._SHARE", np.inf)  # saved after each, however short


@pytest.fixture
def more(more_reviews: Dataset) -> pa.LargeStringArray:
    """Return 100 texts that begin in the middle of a column, as a share of a data set does."""
    return pa.concat_arrays([more_reviews.texts] * 10).slice(3, 100)


@pytest.fixture
def teacher(reviews: Dataset) -> Teacher:
    model: Teacher = Teacher().fit(reviews.texts, reviews.label_names())
    return model


def test_answers_are_the_teachers_and_their_progress_is_that_of_the_whole(
    teacher: Teacher, more: pa.LargeStringArray
) -> None:
    heard: list[tuple[int, float]] = []
    texts = more.slice(0, 70)
    expected = NgramClassifier.predict_proba(teacher, texts)
    with telling(lambda n, share: heard.append((n, share))):
        answers = asking.ask(teacher, texts)
    np.testing.assert_array_equal(answers, expected)
    assert {n for n, _ in heard} == {70}
    assert [share for _, share in heard] == pytest.approx([15 / 70, 30 / 70, 45 / 70, 60 / 70, 65 / 70, 1])


def test_an_interrupted_teacher_goes_on(
    teacher: Teacher, reviews: Dataset, more: pa.LargeStringArray, tmp_path: Path
) -> None:
    labels = reviews.label_names()
    whole = DistilledClassifier(teacher).fit(reviews.texts, labels, unlabelled=more)
    assert teacher.asked == 100

    place = tmp_path / "checkpoint.safetensors"
    student = DistilledClassifier(teacher)
    teacher.asked, teacher.stops_after = 0, 60
    with pytest.raises(KeyboardInterrupt):
        student.fit(reviews.texts, labels, unlabelled=more, checkpoint=place)
    assert [path.name for path in tmp_path.iterdir()] == [f"{place.name}{asking.SUFFIX}"]

    teacher.asked, teacher.stops_after = 0, np.inf
    student.fit(reviews.texts, labels, unlabelled=more, checkpoint=place, resume=True)
    assert teacher.asked == 100 - 60 + 30  # the first run tells whether it is the same teacher
    np.testing.assert_array_equal(student.decision_function(more), whole.decision_function(more))

    teacher.asked = 0
    DistilledClassifier(teacher).fit(reviews.texts, labels, unlabelled=more, checkpoint=place)
    assert teacher.asked == 100  # without `resume` nothing is taken over


def test_answers_of_another_teacher_or_to_other_texts_are_refused(
    teacher: Teacher, reviews: Dataset, more: pa.LargeStringArray, tmp_path: Path
) -> None:
    place, texts = tmp_path / "checkpoint.safetensors", more.slice(0, 40)
    asking.ask(teacher, texts, checkpoint=place)
    with pytest.raises(ConfigError, match="without --resume"):
        asking.ask(teacher, more.slice(0, 41), checkpoint=place, resume=True)
    other = NgramClassifier(regularisation=1.0).fit(reviews.texts, reviews.label_names())
    with pytest.raises(ConfigError, match="without --resume"):
        asking.ask(other, texts, checkpoint=place, resume=True)


@pytest.mark.parametrize(("recipe", "expected"), [("network", True), ("ngram", False), ("distilled", True)])
def test_what_keeps_its_state_can_be_resumed(recipe: str, expected: bool) -> None:
    assert can_resume(recipe) is expected
