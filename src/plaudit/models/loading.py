"""Open a model folder, whatever kind of classifier it holds."""

from __future__ import annotations

import importlib
from pathlib import Path

from plaudit.errors import ModelError
from plaudit.models.artifact import opening, read_manifest
from plaudit.models.base import Classifier

# kind -> (module, class): imported when one is opened, so that no kind pays for another's packages.
KINDS: dict[str, tuple[str, str]] = {
    "network": ("plaudit.models.network", "NetworkClassifier"),
    "ngram": ("plaudit.models.ngram", "NgramClassifier"),
    "encoder": ("plaudit.models.encoder", "EncoderClassifier"),
    "blend": ("plaudit.models.blend", "BlendClassifier"),
}


def load(path: str | Path) -> Classifier:
    """Open a model that `save` or `plaudit train` wrote, ready to predict.

    Only what this kind of model scores with is imported; for a network and n-grams neither torch nor numba. This is the
    one door: whatever a folder holds, it is opened or refused.

    Raises:
        ModelError: The folder is missing, foreign, damaged, hostile or of a newer format; the message says which.
        MissingExtraError: This kind of model needs a package that is not installed.
    """
    folder = Path(path)
    with opening(folder):
        manifest = read_manifest(folder)
        if manifest["kind"] not in KINDS:
            known = ", ".join(KINDS)
            raise ModelError(f"{folder}: unknown kind of model {manifest['kind'][:60]!r}; this Plaudit knows {known}.")
        return import_class(KINDS[manifest["kind"]]).read(folder, manifest)


def import_class(home: tuple[str, str]) -> type[Classifier]:
    """Return the classifier class of that (module, name)."""
    module, name = home
    found: type[Classifier] = getattr(importlib.import_module(module), name)
    return found
