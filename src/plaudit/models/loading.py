"""Open a model folder, of whatever kind: the recipe that the manifest's kind belongs to reads it."""

from __future__ import annotations

from pathlib import Path

from plaudit.errors import ModelError
from plaudit.models.artifact import opening, read_manifest
from plaudit.models.base import Classifier
from plaudit.plugins import asking, installed_version
from plaudit.progress import doing
from plaudit.registry import BUILT_IN, recipe_of_kind


def load(path: str | Path) -> Classifier:
    """Open a model that `save` or `plaudit train` wrote, ready to predict.

    Only what this kind of model scores with is imported; for a network and n-grams neither torch nor numba. This is the
    one door: whatever a folder holds, it is opened or refused. What is imported is ours, or an installed plugin's.

    Raises:
        ModelError: The folder is missing, foreign, damaged, hostile or of a newer format, or of a plugin that is not
            installed; the message says which.
        MissingExtraError: This kind of model needs a package that is not installed.
        PluginError: The plugin that the model is of cannot be imported.
    """
    folder = Path(path)
    with doing(f"Loading the model {folder}"), opening(folder):
        manifest = read_manifest(folder)
        kind, package = manifest["kind"], manifest["package"]
        recipe = recipe_of_kind(kind)
        if recipe is None and package is not None:
            version = installed_version(package)
            why = (
                "which is not installed here; install that package to open it, if you trust it."
                if version is None
                else f"whose version here, {version}, does not have it; install the version that the model is from."
            )
            raise ModelError(f"{folder}: a model of the recipe {kind[:60]!r} of the package {package}, {why}")
        if recipe is None:
            known = ", ".join(dict.fromkeys(each.kind for each in BUILT_IN.values()))
            raise ModelError(f"{folder}: unknown kind of model {kind[:60]!r}; this Plaudit knows {known}.")
        if recipe.package != (package or "plaudit"):
            raise ModelError(
                f"{folder}: a model of the recipe {kind[:60]!r} of the package {package or 'plaudit'}, but here that "
                f"recipe is of the package {recipe.package}."
            )
        with asking(recipe.package, f"the model in {folder}"):
            model = recipe.load_class().read(folder, manifest)
            if not isinstance(model, Classifier):
                raise TypeError(f"expected `read` to return a Classifier, got {model!r:.100}")
            return model
