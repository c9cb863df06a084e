"""A run of any recipe: here one without epochs, which learns from unlabelled texts and decides a setting by itself."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

import plaudit
from plaudit.data import Dataset, load_sample
from plaudit.models import Classifier
from plaudit.models.training_data import Course, TrainingData
from plaudit.registry import BUILT_IN, Recipe

Command = Callable[..., Any]
TEXTS = ("train_texts", "validation_texts", "test_texts")
SAMPLE = load_sample().train
N_VALIDATION = round(len(SAMPLE) / 5)


class WordCounts(Classifier):
    """Naive Bayes of two classes on words split at spaces."""

    kind = "word counts"
    packages = ("numpy",)
    uses_unlabelled = True

    def __init__(self, *, min_texts: int = 1, regularisation: float | None = None) -> None:
        self.min_texts, self.regularisation = min_texts, regularisation

    def _fit(self, data: TrainingData, course: Course) -> None:
        self.regularisation_ = self.regularisation or 0.5
        bags = [set(text.split()) for text in data.texts.to_pylist()]
        counts = {word: [self.regularisation_, self.regularisation_] for bag in bags for word in bag}
        for bag, code in zip(bags, data.codes.tolist(), strict=True):
            for word in bag:
                counts[word][code] += 1
        self.weights_ = {w: float(np.log(b / a)) for w, (a, b) in sorted(counts.items()) if a + b - 1 >= self.min_texts}
        further = course.further_texts()
        self.notes_ = (f"{len(further)} texts without labels were seen.",) if further is not None else ()

    def decided_params(self) -> dict[str, Any]:
        return self.get_params() | {"regularisation": self.regularisation_}

    def summary(self) -> str:
        return f"{len(self.weights_)} words"

    def provenance(self) -> dict[str, dict[str, str]]:
        return {"words": {"source": "these texts"}}

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        sums = [sum(self.weights_.get(word, 0.0) for word in set(text.split())) for text in texts.to_pylist()]
        return np.array(sums, np.float32)[:, None]

    def write(self, folder: Path) -> None:
        (folder / "words.json").write_text(json.dumps(self.weights_))
        self._write_manifest(folder)

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> WordCounts:
        model = cls._from_manifest(folder, manifest, ["words.json"])
        model.weights_ = json.loads((folder / "words.json").read_text())
        return model


class Interrupted(WordCounts):
    """Somebody presses Ctrl-C while it is fitted."""

    def _fit(self, *_: Any, **__: Any) -> None:
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--recipe ngram` stands for `WordCounts`, and beside it there is only the network."""
    for name in set(BUILT_IN) - {"network"}:
        monkeypatch.delitem(BUILT_IN, name)
    monkeypatch.setitem(BUILT_IN, "ngram", Recipe("ngram", f"{__name__}:WordCounts", kind=WordCounts.kind))


def read_toml(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))


def read_metrics(folder: Path) -> Any:
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def weights(folder: Path) -> dict[str, float]:
    model = plaudit.load(folder)
    assert isinstance(model, WordCounts)
    return model.weights_


def test_a_run_without_epochs_leaves_no_curves(command: Command, tmp_path: Path) -> None:
    done = command("train", "sample", "--recipe", "ngram", "--min-texts", "2", "-o", "model")
    folder = tmp_path / "model"
    assert {path.name for path in folder.iterdir()} == {
        "model.json", "words.json", "run.toml", "metrics.json", "README.md", "test_openings.json",
        "reliability.svg", "report.html", "report.json", "profile.json",
        "scope.safetensors", "seen.safetensors",
    }  # fmt: skip
    figures = read_metrics(folder)
    assert figures["train"].keys() == {"seconds", "n", "peak_memory_bytes", "size_bytes"}
    scored = ("model.json", "words.json", "scope.safetensors")
    assert figures["train"]["size_bytes"] == sum((folder / n).stat().st_size for n in scored)
    assert figures["validation"]["n"] == N_VALIDATION
    assert f"{len(weights(folder))} words" in done.lines()
    files = "metrics.json, reliability.svg; run.toml repeats it, README.md describes it"
    assert f"  report.html shows all on one page; {files}" in done.lines()
    for word in ("Embedding", "epoch", "note: "):
        assert word not in done.out


def test_the_record_tells_what_was_decided(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "--min-texts", "2", "-o", "model")
    recorded = read_toml(tmp_path / "model")
    assert recorded["model"] == {"recipe": "ngram", "min_texts": 2, "regularisation": 0.5}
    assert recorded["training"] == {"seed": 0, "refit": False}
    assert recorded["versions"].keys() == {"plaudit", "python", "machine", "numpy", *TEXTS}
    command("train", "--config", "model/run.toml", "-o", "again")
    assert read_toml(tmp_path / "again") == recorded
    assert weights(tmp_path / "again") == weights(tmp_path / "model")


def test_the_card_speaks_of_no_epochs(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "-o", "model")
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"```\n{len(weights(tmp_path / 'model'))} words\n```" in card
    assert "Recipe: ngram; `min_texts = 1, regularisation = 0.5, seed = 0`" in card
    assert "Words: source: these texts" in card
    assert "epoch" not in card


def test_what_was_written_scores(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "-o", "model")
    accuracy = read_metrics(tmp_path / "model")["test"]["accuracy"]
    assert command("evaluate", "model", "sample", "--json").json()["accuracy"] == accuracy
    assert command("predict", "model", "--json", "a joy").json()["label"] in ("neg", "pos")


def test_a_refit_without_epochs_learns_from_the_validation_texts_too(command: Command, tmp_path: Path) -> None:
    done = command("train", "sample", "--recipe", "ngram", "--refit", "-o", "model")
    assert f"Refit: on all {len(SAMPLE)} training and validation texts." in done.lines()
    assert read_metrics(tmp_path / "model")["train"]["n"] == len(SAMPLE)
    whole = WordCounts().fit(SAMPLE.texts, SAMPLE.label_names())
    assert weights(tmp_path / "model") == whole.weights_
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"Then trained again on all {len(SAMPLE)} texts (--refit)." in card


def test_the_final_model_learns_from_the_test_texts_once_all_is_measured(
    command: Command, write_rows: Callable[[str, Dataset], Path], reviews: Dataset, tmp_path: Path
) -> None:
    mine = str(write_rows("mine.csv", reviews))
    settings = ("--recipe", "ngram", "--regularisation", "0.5")
    command("train", mine, *settings, "-o", "before")
    done = command("train", mine, *settings, "--final", "-o", "model")
    assert f"Final: on all {len(reviews)} texts, those of the test too." in done.lines()
    before, after = (read_metrics(tmp_path / name) for name in ("before", "model"))
    assert after["test"] == before["test"]
    assert after["final"] == {"n": len(reviews)}
    assert "All figures are from the model before that" in (tmp_path / "model" / "README.md").read_text("utf-8")
    assert read_toml(tmp_path / "model")["training"]["final"] is True
    model, other = (plaudit.load(tmp_path / name) for name in ("model", "before"))
    assert model.scope_ is not None  # of the training part, as before
    texts = reviews.texts.to_pylist()
    assert (model.decision_function(texts) != other.decision_function(texts)).any()
    assert model.temperature_ == other.temperature_

    assert "was also trained on these, its test texts (--final)" in command("evaluate", "model", mine, code=2).err
    assert "every row" in command("evaluate", "model", mine, "--all").out


@pytest.mark.parametrize("place", ["more.csv", "more.txt", "more", "own"])
def test_texts_without_labels_reach_who_learns_from_them(
    command: Command, write_rows: Callable[[str, Dataset], Path], reviews: Dataset, tmp_path: Path, place: str
) -> None:
    source, options = "sample", ["--unlabelled", place]
    if place == "more.csv":
        (tmp_path / place).write_text("id,text\n1,one\n2,two\n3,three\n")
    elif place == "more.txt":
        (tmp_path / place).write_text("one\n\nthree\n")
    elif place == "more":
        (tmp_path / place / "deep").mkdir(parents=True)
        for name in ("1.txt", "2.txt", "deep/3.txt"):
            (tmp_path / place / name).write_text(name)
    else:  # a data set with a part of that name is imdb alone; a file has none
        source, options = str(write_rows("mine.csv", reviews)), []
    done = command("train", source, "--recipe", "ngram", "-o", "model", *options)
    recorded = read_toml(tmp_path / "model")
    if place == "own":
        assert "unlabelled" not in done.out
        assert "unlabelled_texts" not in recorded["versions"]
        return
    assert "  unlabelled       3 texts" in done.lines()
    assert "note: 3 texts without labels were seen." in done.lines()
    assert recorded["data"]["unlabelled"] == place
    assert "unlabelled_texts" in recorded["versions"]
    assert "3 texts without labels were seen." in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--recipe", "ngram", "--hidden", "3"),
            "--hidden belongs to --recipe network; ngram has --min-texts, --regularisation.",
        ),
        (("--recipe", "ngram", "--no-early-stopping"), "--early-stopping belongs to --recipe network; ngram has "),
        (("--min-texts", "2"), "--min-texts belongs to --recipe ngram; network has --embedding, --trainable, "),
        (("--n-max", "2"), "--n-max is no setting of --recipe network; network has "),
        (("--recipe", "best"), "--recipe best: expected one of auto, network, ngram."),
        (("--unlabelled", "x.csv"), "--unlabelled: --recipe network learns from labelled texts only."),
        (("--recipe", "ngram", "--unlabelled", "none.csv"), "none.csv: no such data set, file or folder"),
        (("--recipe", "ngram", "--unlabelled", "."), ".: no .txt files; expected one text a file."),
        (("--recipe", "ngram", "--min-texts", "0"), "--min-texts: expected at least 1, got 0."),
        (("--recipe", "ngram", "--regularisation", "0"), "--regularisation: expected a number above 0, got 0.0."),
        (("--layer-decay", "1.5"), "--layer-decay: expected 0 < layer_decay <= 1, got 1.5."),
        (("--label-smoothing", "1"), "--label-smoothing: expected 0 <= label_smoothing < 1, got 1.0."),
    ],
)
def test_what_a_recipe_cannot_take_is_refused(
    command: Command, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    assert message in command("train", "sample", *options, "-o", "model", code=2).err
    assert not list(tmp_path.iterdir())


def test_another_recipe_takes_data_and_seed_of_a_recorded_run(
    command: Command, sample_model: Path, tmp_path: Path
) -> None:
    command("train", "--config", sample_model / "run.toml", "--recipe", "ngram", "-o", "model")
    recorded, before = read_toml(tmp_path / "model"), read_toml(sample_model)
    assert recorded["data"] == before["data"]
    assert recorded["training"] == {"seed": 0, "refit": False}
    assert recorded["versions"]["train_texts"] == before["versions"]["train_texts"]


def test_only_networks_and_ngrams_are_exported(command: Command, tmp_path: Path) -> None:
    command("train", "sample", "--recipe", "ngram", "-o", "model")
    done = command("export", "model", "--to", "onnx", "-o", "out", code=2)
    assert done.err == (
        "plaudit: model: only networks and n-grams can be exported to onnx, and this is a model of the kind "
        "'word counts'.\n"
    )


def test_ctrl_c_promises_nothing_to_go_on_with(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILT_IN, "ngram", Recipe("ngram", f"{__name__}:Interrupted", kind=WordCounts.kind))
    assert command("train", "sample", "--recipe", "ngram", "-o", "model", code=130).lines()[-1] == "Stopped."


def test_without_epochs_nothing_is_logged(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    command("train", "sample", "--recipe", "ngram", "-o", "model", "--tensorboard", "logs")
    assert not list((tmp_path / "logs").iterdir())
