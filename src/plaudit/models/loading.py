"""Open a model folder, whatever kind of classifier it holds."""

from __future__ import annotations

from pathlib import Path

from plaudit.errors import ModelError
from plaudit.models.artifact import read_manifest
from plaudit.models.base import Classifier
from plaudit.models.encoder import EncoderClassifier
from plaudit.models.network import NetworkClassifier

KINDS: dict[str, type[Classifier]] = {kind.kind: kind for kind in (NetworkClassifier, EncoderClassifier)}


def load(path: str | Path) -> Classifier:
    """Open a model that `save` or `plaudit train` wrote, ready to predict.

    Only the base installation is needed, and neither torch nor numba is imported; an encoder needs its extra.

    Raises:
        ModelError: The folder is missing, foreign, damaged, hostile or of a newer format; the message says which.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest["kind"] not in KINDS:
        raise ModelError(
            f"{folder}: unknown kind of model {manifest['kind']!r}; this Plaudit knows {', '.join(KINDS)}."
        )
    return KINDS[manifest["kind"]].read(folder, manifest)
