"""A model saved and loaded answers the same to the bit, and a failed save loses nothing."""

import errno
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import plaudit
from plaudit import NetworkClassifier
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.errors import ModelError, NotFittedError

TEXTS = ["", "good joy", "bad 😀 film", "zzz", "grim " * 300]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden": ()},
        {"hidden": (8, 4), "dropout": 0.2},
        {"trainable": False, "combiner": "mean"},
        {"loss": "mean_squared_error", "class_weight": "balanced"},
        {"class_weight": {"liked": 2.0, "panned": 1.0}, "epochs": np.int64(2), "hidden": (np.int64(3),)},
    ],
)
def test_a_loaded_model_answers_to_the_bit(
    tiny_table: EmbeddingTable, reviews: Dataset, tmp_path: Path, settings: Any
) -> None:
    model = NetworkClassifier(tiny_table, **{"epochs": 2, **settings}).fit(reviews.texts, reviews.label_names())
    model.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    assert isinstance(loaded, NetworkClassifier)
    assert np.array_equal(loaded.decision_function(TEXTS), model.decision_function(TEXTS))
    assert np.array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert {**loaded.get_params(), "embedding": None} == {**model.get_params(), "embedding": None}
    assert str(loaded.summary()) == str(model.summary())


@pytest.mark.parametrize("labels", [["é", "😀"], ["1", "0"], [7, -3], [True, False], ["a", "b", "c"], ["a b", "\0 c"]])
def test_labels_keep_their_type(tiny_table: EmbeddingTable, tmp_path: Path, labels: list[Any]) -> None:
    model = NetworkClassifier(tiny_table, epochs=1).fit(["good film"] * 6 * len(labels), labels * 6)
    model.save(str(tmp_path / "model"))
    loaded = plaudit.load(str(tmp_path / "model"))
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert [type(c) for c in loaded.classes_.tolist()] == [type(c) for c in model.classes_.tolist()]
    assert loaded.predict(["bad"]).tolist() == model.predict(["bad"]).tolist()


def test_a_loaded_model_can_be_saved_again_and_fitted_again(
    network: NetworkClassifier, reviews: Dataset, tmp_path: Path
) -> None:
    network.save(tmp_path / "first")
    loaded = plaudit.load(tmp_path / "first")
    loaded.save(tmp_path / "second")
    loaded.save(tmp_path / "first")  # over the very files that it has mapped into memory
    for name in ("first", "second"):
        again = plaudit.load(tmp_path / name)
        assert np.array_equal(again.decision_function(TEXTS), network.decision_function(TEXTS))
    with pytest.raises(ValueError, match="Unknown embedding 'tiny'"):
        loaded.fit(reviews.texts, reviews.label_names())


def test_saving_before_fitting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        NetworkClassifier().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_model_is_replaced(network: NetworkClassifier, topics: Dataset, tmp_path: Path) -> None:
    network.save(tmp_path / "model")
    (tmp_path / "model" / "notes.txt").write_text("mine")
    other = NetworkClassifier(network.embedding, epochs=1).fit(topics.texts, topics.label_names())
    other.save(tmp_path / "model")
    assert len(plaudit.load(tmp_path / "model").classes_) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_empty_folder_and_one_with_a_cut_off_run_will_do(network: NetworkClassifier, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "checkpoint.safetensors").touch()
    (tmp_path / "cut" / "checkpoint.safetensors.4711").touch()  # what a kill while saving it leaves
    for name in ("empty", "cut", "deep/er"):
        network.save(tmp_path / name)
        plaudit.load(tmp_path / name)


def test_a_link_to_a_folder_is_followed(network: NetworkClassifier, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    network.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    plaudit.load(tmp_path / "real")
    plaudit.load(tmp_path / "link")


def test_saving_never_destroys_something_else(network: NetworkClassifier, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("mine")
    with pytest.raises(ModelError, match="file is a file; a model is a folder"):
        network.save(tmp_path / "file")
    with pytest.raises(ModelError, match=r"holds something other than a model \(thesis.txt, …\)"):
        network.save(tmp_path / "folder")
    with pytest.raises(ModelError, match=r"file/inside: nothing can be written in .*file"):
        network.save(tmp_path / "file" / "inside")
    assert (tmp_path / "folder" / "thesis.txt").read_text() == "mine"
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("function", [(safetensors.numpy, "save_file"), (safetensors.numpy, "save"), (json, "dumps")])
def test_a_save_that_fails_midway_leaves_the_old_model(
    network: NetworkClassifier,
    topics: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: tuple[Any, str],
) -> None:
    network.save(tmp_path / "model")
    other = NetworkClassifier(network.embedding, epochs=1).fit(topics.texts, topics.label_names())

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*function, fail)
    with pytest.raises(ValueError, match="No space left on device"):
        other.save(tmp_path / "model")
    monkeypatch.undo()
    assert np.array_equal(plaudit.load(tmp_path / "model").decision_function(TEXTS), network.decision_function(TEXTS))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_full_disk_leaves_the_old_model(
    network: NetworkClassifier, tiny_table: EmbeddingTable, small_disk: Path
) -> None:
    network.save(small_disk / "model")
    vectors = np.zeros((10, 4_000), np.float32)
    large = NetworkClassifier(tiny_table.with_vectors(vectors), epochs=1, hidden=())
    large.fit(["good", "bad"] * 10, ["x", "y"] * 10)
    with pytest.raises(ModelError, match="the model could not be written"):
        large.save(small_disk / "model")
    assert plaudit.load(small_disk / "model").classes_.tolist() == ["liked", "panned"]
    assert [path.name for path in small_disk.iterdir()] == ["model"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(network: NetworkClassifier, small_disk: Path) -> None:
    network.save(small_disk / "model")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(ModelError, match=r"model: (the model could not|nothing can) be written"):
        network.save(small_disk / "model")
    plaudit.load(small_disk / "model")


def test_the_folder_holds_json_safetensors_and_arrow_alone(network: NetworkClassifier, tmp_path: Path) -> None:
    network.save(tmp_path / "model")
    files = sorted(p.relative_to(tmp_path / "model").as_posix() for p in (tmp_path / "model").rglob("*") if p.is_file())
    assert files == [
        "embedding/embedding.json",
        "embedding/vectors.safetensors",
        "embedding/vocabulary.arrow",
        "model.json",
        "weights.safetensors",
    ]
    manifest = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["format_version"], manifest["kind"]) == ("plaudit-model", 1, "network")
    assert sorted(manifest["files"]) == [name for name in files if name != "model.json"]


def test_two_saves_of_one_model_are_the_same_bytes(network: NetworkClassifier, tmp_path: Path) -> None:
    for name in ("a", "b"):
        network.save(tmp_path / name)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
