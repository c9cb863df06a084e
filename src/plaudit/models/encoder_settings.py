"""The encoder's settings, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from numbers import Integral, Real
from typing import Any, get_args

from plaudit.config import LongTexts, TrainingConfig
from plaudit.errors import ConfigError


def check_settings(settings: Mapping[str, Any]) -> TrainingConfig:
    """Check the arguments of `EncoderClassifier`, and return those that every recipe has.

    Raises:
        ConfigError: One is out of range.
    """
    long_texts = get_args(LongTexts)
    n, decay, smoothing = settings["max_tokens"], settings["layer_decay"], settings["label_smoothing"]
    _check(settings, "max_tokens", isinstance(n, Integral) and int(n) > 0, "a whole number from 1")
    _check(settings, "long_texts", settings["long_texts"] in long_texts, " or ".join(long_texts))
    _check(settings, "device", isinstance(settings["device"], str), "auto, cpu or cuda")
    _check(settings, "layer_decay", isinstance(decay, Real) and 0 < float(decay) <= 1, "a number above 0, at most 1")
    _check(settings, "label_smoothing", isinstance(smoothing, Real) and 0 <= float(smoothing) < 1, "0 to less than 1")
    return TrainingConfig(
        **{field.name: settings[field.name] for field in fields(TrainingConfig) if field.name in settings}
    )


def _check(settings: Mapping[str, Any], name: str, is_fine: bool, expected: str) -> None:
    if not is_fine:
        raise ConfigError(f"--{name.replace('_', '-')}: expected {expected}, got {settings[name]!r}.")
