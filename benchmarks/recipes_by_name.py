"""Our recipes as the benchmarks name them: ``network``, ``network:embedding=random``, ``encoder:epochs=5,seed=3``."""

import tempfile
import tomllib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from plaudit.app.advise import choose_recipe
from plaudit.app.run.parts import Parts
from plaudit.app.train.fitting import fit, fit_better, refit
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.data import Dataset, hold_out, load_sample
from plaudit.data.dataset import as_text_column
from plaudit.models import Classifier
from plaudit.models.advice import look_at
from plaudit.models.recipes import build as build_run
from plaudit.models.recipes import refits
from plaudit.registry import find_recipe, recipe_names
from plaudit.text.token_memory import remembering_tokens
from plaudit.training import refit_epochs


def build(name: str, seed: int) -> Classifier:
    """Return the classifier that a name stands for, not yet fitted."""
    recipe, _, rest = name.partition(":")
    if recipe not in recipe_names():
        raise SystemExit(f"{name}: there is no recipe {recipe!r}; there are {', '.join(recipe_names())}.")
    settings = {key: _value(value) for key, _, value in (part.partition("=") for part in rest.split(",") if part)}
    kind = find_recipe(recipe).load_class()
    if "seed" in kind._parameter_names():
        settings.setdefault("seed", seed)
    model: Classifier = kind(**settings)
    return model


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:  # a word without quotes
        return text


class Ours:
    """A recipe with the face of a peer."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.model = name, build(name, seed)

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Any],
        validation: tuple[Sequence[str], Sequence[Any]] | None = None,
        unlabelled: Sequence[str] | None = None,
    ) -> None:
        more = {"unlabelled": unlabelled} if self.model.uses_unlabelled else {}
        self.model.fit(list(texts), list(labels), validation=validation, **more)

    def fit_on_all(self, texts: Sequence[str], labels: Sequence[Any], n_watched: int, unlabelled: Any = None) -> None:
        """Train as `plaudit train --refit`: several epochs are chosen with the first texts held out."""
        settings = self.model.get_params()
        if not settings.get("early_stopping") or settings["epochs"] == 1:
            self.fit(texts, labels, unlabelled=unlabelled)
            return
        self.fit(texts[n_watched:], labels[n_watched:], (list(texts[:n_watched]), list(labels[:n_watched])), unlabelled)
        history = self.model.history_
        assert history is not None
        epochs = refit_epochs(history.best_epoch, n_before=len(texts) - n_watched, n_after=len(texts))
        batch_size = self.model.decided_params()["batch_size"]
        self.model.set_params(epochs=epochs, early_stopping=False, batch_size=batch_size)
        self.fit(texts, labels, unlabelled=unlabelled)
        self.model.set_params(**settings)

    def predict(self, texts: Sequence[str]) -> Any:
        return self.model.predict(list(texts))

    def size_bytes(self) -> int:
        with tempfile.TemporaryDirectory() as place:
            self.model.save(Path(place) / "model")
            return folder_size(Path(place) / "model")


class Auto(Ours):
    """What `plaudit train FILE` trains, without its test, report and folder: the same steps in the same order."""

    def __init__(self, seed: int) -> None:
        self.name, self.seed = "auto", seed

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Any],
        validation: tuple[Sequence[str], Sequence[Any]] | None = None,
        unlabelled: Sequence[str] | None = None,
    ) -> None:
        is_sets = isinstance(labels[0], tuple)
        classes = tuple(sorted(set(chain(*labels) if is_sets else labels)))
        numbers = (
            np.array([[each in y for each in classes] for y in labels], np.uint8)
            if is_sets
            else np.array([classes.index(y) for y in labels], np.int32)
        )
        whole = Dataset(as_text_column(list(texts)), numbers, classes, "texts")
        train, watched = hold_out(whole, 0.2, seed=self.seed)
        parts = Parts(train, watched, lambda: whole, lambda: None, DataConfig(source="texts"))
        open_run = RunConfig(parts.config, ModelConfig(recipe="ngram"), TrainingConfig(seed=self.seed))
        run, *others = choose_recipe(open_run, look_at(train)).runs
        self.model = build_run(run)
        with remembering_tokens():
            fitted = fit(self.model, parts, None, None, _say_nothing, (), resume=False)
            for other in others:
                if (better := fit_better(other, fitted, parts, _say_nothing, than=run.model.recipe)) is not None:
                    run, (self.model, fitted) = other, better
            if refits(run):
                refit(fitted, self.model, parts, None, None, _say_nothing, ())


def _say_nothing(line: str) -> None:
    pass


def folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def warm_up(contestant: Any) -> None:
    """Fit once on few texts, so that imports and compiling are in nobody's seconds."""
    sample = load_sample().train
    contestant.fit(sample.texts.to_pylist()[::4], sample.label_names()[::4])
    contestant.predict(sample.texts.to_pylist()[:4])
