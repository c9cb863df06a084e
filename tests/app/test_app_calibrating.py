"""What a run says of its calibration."""

from typing import cast

import pytest

from plaudit.app.run.calibrating import Calibrated
from plaudit.evaluation import Answers, Reliability


@pytest.mark.parametrize(("n", "end"), [(19, "choose a temperature."), (20, "calibration error 0.0365.")])
def test_no_calibration_error_is_told_of_few_texts(n: int, end: str) -> None:
    """Of so few, scatter is most of the figure; only the number of texts counts here."""
    found = Reliability((), 0.0365)
    texts = cast(Answers, range(n))
    assert Calibrated(1.0, None, texts, 0.5, found, found, 0.5).sentence().endswith(end)
