"""The n-gram classifier's folder: the same answers to the bit, nothing heavy imported, and no damage believed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import plaudit
from plaudit import NgramClassifier
from plaudit.data import Dataset
from plaudit.embeddings.storage import write_vocabulary
from plaudit.errors import ModelError

FILES = ("model.json", "tokens.arrow", "ngrams.safetensors", "weights.safetensors")
ASKED = ["good joy film", "bad, dull", "", "😀 nothing known", "grim " * 300]


@pytest.fixture(scope="module")
def model(reviews: Dataset) -> NgramClassifier:
    return NgramClassifier(n_max=3, regularisation=0.05).fit(reviews.texts, reviews.label_names())


@pytest.fixture
def folder(model: NgramClassifier, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


def reseal(folder: Path, **parameters: object) -> None:
    """Do what an enemy would: make sizes and hashes right again, and change settings."""
    manifest = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    for name in manifest["files"]:
        data = (folder / name).read_bytes()
        manifest["files"][name] = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["parameters"] |= parameters
    (folder / "model.json").write_text(json.dumps(manifest), encoding="utf-8")


def change(path: Path, **arrays: NDArray[Any] | None) -> None:
    """Put arrays into a safetensors file, or take those away that are None."""
    tensors = safetensors.numpy.load_file(path) | arrays
    path.write_bytes(safetensors.numpy.save({name: a for name, a in tensors.items() if a is not None}))
    reseal(path.parent)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_max": 1, "chars": True},
        {"weighting": "mixed", "objective": "squared_hinge", "regularisation": 3.0},
        {"n_max": np.int64(2), "min_texts": 1, "regularisation": np.float64(0.5)},
        {"seed": 2**70, "chars": True, "weighting": "tfidf", "objective": "squared_hinge"},
    ],
)
@pytest.mark.parametrize("source", ["reviews", "topics", "moods"])
def test_a_loaded_model_answers_to_the_bit(
    request: pytest.FixtureRequest, tmp_path: Path, source: str, settings: dict[str, Any]
) -> None:
    dataset: Dataset = request.getfixturevalue(source)
    model = NgramClassifier(**settings).fit(dataset.texts, dataset.label_names())
    model.save(tmp_path / "model")

    loaded = plaudit.load(tmp_path / "model")

    assert isinstance(loaded, NgramClassifier)
    assert loaded.predict_proba(ASKED).tobytes() == model.predict_proba(ASKED).tobytes()
    assert loaded.predict(ASKED).tolist() == model.predict(ASKED).tolist()
    assert loaded.get_params() == model.decided_params()
    assert loaded.multi_label_ == model.multi_label_
    assert str(loaded.summary()) == str(model.summary()).partition("\n")[0]  # how it was chosen is the run's to tell
    assert loaded.classes_.tolist() == model.classes_.tolist()


def test_a_folder_from_before_characters_is_read(model: NgramClassifier, folder: Path) -> None:
    manifest = json.loads((folder / "model.json").read_text())
    for name in ("chars", "weighting", "objective"):
        del manifest["parameters"][name]
    (folder / "model.json").write_text(json.dumps(manifest))
    assert plaudit.load(folder).predict_proba(ASKED).tobytes() == model.predict_proba(ASKED).tobytes()


@pytest.mark.parametrize("damage", ["order", "fewer"])
def test_damaged_characters_are_refused(reviews: Dataset, tmp_path: Path, damage: str) -> None:
    NgramClassifier(chars=True).fit(reviews.texts, reviews.label_names()).save(tmp_path / "model")
    keys = safetensors.numpy.load_file(tmp_path / "model" / "characters.safetensors")["keys"]
    changed = keys[::-1].copy() if damage == "order" else keys[1:]
    (tmp_path / "model" / "characters.safetensors").write_bytes(safetensors.numpy.save({"keys": changed}))
    reseal(tmp_path / "model")
    with pytest.raises(ModelError, match="ascending order" if damage == "order" else "character_weights"):
        plaudit.load(tmp_path / "model")


def test_weights_of_classes_are_kept(reviews: Dataset, tmp_path: Path) -> None:
    model = NgramClassifier(class_weight={"liked": 2.0, "panned": 1.0}).fit(reviews.texts, reviews.label_names())
    model.save(tmp_path / "model")
    assert plaudit.load(tmp_path / "model").get_params() == model.decided_params()


def test_a_loaded_model_is_saved_and_fitted_again(model: NgramClassifier, folder: Path, reviews: Dataset) -> None:
    loaded = plaudit.load(folder)
    loaded.save(folder)  # over the file that it has mapped into memory
    assert plaudit.load(folder).predict_proba(ASKED).tobytes() == model.predict_proba(ASKED).tobytes()
    loaded.fit(reviews.texts, reviews.label_names())
    assert loaded.predict_proba(ASKED).tobytes() == model.predict_proba(ASKED).tobytes()


def test_predicting_imports_nothing_heavy(model: NgramClassifier, folder: Path) -> None:
    code = (
        "import sys, plaudit; print(plaudit.load(sys.argv[1]).predict_proba(['good']).tolist());"
        "print([name for name in ('torch', 'numba', 'sklearn', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(model.predict_proba(["good"]).tolist()), "[]"]


@pytest.mark.parametrize("name", ["keys_2", "keys_3"])
@pytest.mark.parametrize("number", [-1, "most", 2**62, "doubled"])
def test_a_key_that_stands_for_no_ngram_is_refused(
    model: NgramClassifier, folder: Path, name: str, number: int | str
) -> None:
    keys = {"keys_2": model.vocabulary_.keys[0], "keys_3": model.vocabulary_.keys[1]}[name].copy()
    shorter = {"keys_2": 0, "keys_3": 1}[name]
    most = model.vocabulary_.sizes()[shorter] * len(model.vocabulary_.tokens)
    keys[1] = {"most": most, "doubled": keys[0]}.get(str(number), number)
    change(folder / "ngrams.safetensors", **{name: keys})
    with pytest.raises(ModelError, match=rf"damaged: {name} must be distinct numbers from 0 to below {most:,}"):
        plaudit.load(folder)


def test_the_greatest_key_is_read(model: NgramClassifier, folder: Path) -> None:
    """The last token twice: a key as great as keys may be."""
    n_tokens = len(model.vocabulary_.tokens)
    keys = model.vocabulary_.keys[0].copy()
    keys[keys.argmax()] = n_tokens**2 - 1
    change(folder / "ngrams.safetensors", keys_2=keys)
    last = model.vocabulary_.tokens[-1].as_py()
    assert np.isfinite(plaudit.load(folder).decision_function([f"{last} {last}"])).all()


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("ngrams", {"keys_2": np.zeros(3, np.int32)}, "keys_2 must be int64"),
        ("ngrams", {"keys_2": np.zeros(3, np.float64)}, "keys_2 must be int64"),
        ("ngrams", {"keys_2": np.zeros((3, 2), np.int64)}, "expected arrays"),
        ("ngrams", {"keys_3": None}, "expected arrays"),
        ("ngrams", {"keys_4": np.zeros(0, np.int64)}, "expected arrays"),
        ("weights", {"biases": np.array([np.nan], np.float32)}, "biases must be float32 without NaN"),
        ("weights", {"biases": np.array([0.5])}, "biases must be float32"),
        ("weights", {"biases": np.zeros(2, np.float32)}, "expected arrays"),
        ("weights", {"scales": np.zeros((1, 3), np.float32)}, "expected arrays"),
        ("weights", {"weights": None}, "expected arrays"),
        ("weights", {"more": np.zeros(1, np.float32)}, "expected arrays"),
    ],
)
def test_arrays_of_another_kind_are_refused(
    folder: Path, name: str, arrays: dict[str, NDArray[Any] | None], message: str
) -> None:
    change(folder / f"{name}.safetensors", **arrays)
    with pytest.raises(ModelError, match=rf"{name}\.safetensors: damaged: {message}"):
        plaudit.load(folder)


def test_more_weights_than_ngrams_are_refused(folder: Path) -> None:
    change(folder / "ngrams.safetensors", keys_3=np.zeros(0, np.int64))
    with pytest.raises(ModelError, match=r"weights\.safetensors: damaged: expected arrays"):
        plaudit.load(folder)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["scales", "weights"])
def test_numbers_that_are_none_are_refused(model: NgramClassifier, folder: Path, name: str, bad: float) -> None:
    array = getattr(model.weights_, name).copy()
    array[0, -1] = bad
    change(folder / "weights.safetensors", **{name: array})
    with pytest.raises(ModelError, match=f"{name} must be float32 without NaN or infinity"):
        plaudit.load(folder)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_max": 2}, "expected arrays"),
        ({"n_max": 4}, "expected arrays"),
        ({"n_max": 10**9}, "n_max: expected at most 100"),
        ({"n_max": 0}, "n_max: expected at least 1"),
        ({"n_max": "3"}, "n_max: expected a whole number, at least 1"),
        ({"n_max": None}, "n_max: expected a whole number, at least 1"),
        ({"regularisation": "x"}, "regularisation: expected a number above 0"),
        ({"class_weight": [1]}, "class_weight must be pairs"),
        ({"hidden": [3]}, "unknown parameter 'hidden'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(folder: Path, parameters: dict[str, object], message: str) -> None:
    reseal(folder, **parameters)
    with pytest.raises(ModelError, match=message):
        plaudit.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ["a", "b", "c"]}, "expected arrays"),
        ({"multi_label": True}, "expected arrays"),
        ({"files": {}}, "the manifest does not list tokens.arrow"),
    ],
)
def test_a_manifest_that_does_not_fit_the_weights_is_refused(
    folder: Path, changes: dict[str, object], message: str
) -> None:
    manifest = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        plaudit.load(folder)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_missing_file_is_missed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing or not a plain file"):
        plaudit.load(folder)
    manifest = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    del manifest["files"][name]
    (folder / "model.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match=f"the manifest does not list {name}"):
        plaudit.load(folder)


def test_a_token_named_twice_is_refused(model: NgramClassifier, folder: Path) -> None:
    tokens = model.vocabulary_.tokens.to_pylist()
    tokens[1] = tokens[0]
    write_vocabulary(pa.array(tokens, pa.large_string()), folder / "tokens.arrow")
    reseal(folder)
    with pytest.raises(ModelError, match=r"tokens\.arrow: 1 tokens occur more than once"):
        plaudit.load(folder)


@given(
    name=st.sampled_from(FILES),
    position=st.floats(0, 1, exclude_max=True),
    replacement=st.binary(min_size=1, max_size=12),
    is_sealed=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_damaged_bytes_give_a_model_error_or_a_model(
    model: NgramClassifier,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    position: float,
    replacement: bytes,
    is_sealed: bool,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged n-grams"
    shutil.rmtree(folder, ignore_errors=True)
    model.save(folder)
    data = bytearray((folder / name).read_bytes())
    start = int(position * len(data))
    data[start : start + len(replacement)] = replacement
    (folder / name).write_bytes(data)
    if is_sealed and name != "model.json":
        reseal(folder)
    try:
        loaded = plaudit.load(folder)
    except ModelError:
        return
    with np.errstate(all="ignore"):  # sealed weights may be any finite numbers
        answers = loaded.predict_proba(["good film", ""])
    assert answers.shape == (2, len(loaded.classes_))
    if not is_sealed and name != "model.json":
        assert np.array_equal(answers, model.predict_proba(["good film", ""]))
