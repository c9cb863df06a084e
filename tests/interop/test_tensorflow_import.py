"""Keras's saved models read without TensorFlow: saved_by_keras.tar.gz was made by save_keras_models.py, with it."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from save_keras_models import ANSWERS, TEXTS

import plaudit
from plaudit.app.cli import app
from plaudit.errors import ConfigError, EmbeddingError, ModelError, PlauditError
from plaudit.interop import from_tensorflow
from plaudit.interop.keras_layers import read_layers

pytest.importorskip("h5py", reason="needs the extra: pip install 'plaudit[import]'")
ARCHIVE = Path(__file__).parent / "saved_by_keras.tar.gz"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def answers(saved: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(saved)  # the models name their module by a relative path
    found: dict[str, Any] = json.loads(Path(ANSWERS).read_text())
    return found


@pytest.mark.parametrize("name", ["tutorial", "tutorial.keras", "tutorial.h5"])
def test_the_tutorials_network_has_keras_logits_and_so_its_probabilities(name: str, answers: dict[str, Any]) -> None:
    model = from_tensorflow(name, classes=["negative", "positive"])
    np.testing.assert_allclose(model.logits(TEXTS), answers[name], atol=1e-6)
    expected = 1 / (1 + np.exp(-np.array(answers[name])[:, 0]))
    np.testing.assert_allclose(model.predict_proba(TEXTS)[:, 1], expected, atol=1e-6)
    assert model.class_names == ("negative", "positive")


@pytest.mark.parametrize("name", ["three", "three.keras", "three.h5"])
def test_three_classes_a_dropout_and_a_layer_without_bias(name: str, answers: dict[str, Any]) -> None:
    model = from_tensorflow(name)
    np.testing.assert_allclose(model.predict_proba(TEXTS), answers[name], atol=1e-6)
    assert model.classes_.tolist() == [0, 1, 2]
    assert not model.multi_label_


def test_two_softmax_outputs_become_one_logit(answers: dict[str, Any]) -> None:
    model = from_tensorflow("two.keras")
    np.testing.assert_allclose(model.predict_proba(TEXTS), answers["two.keras"], atol=1e-6)


@pytest.mark.parametrize("name", ["tags", "tags.keras"])
def test_two_logits_that_a_binary_loss_trained_are_labels_of_their_own(name: str, answers: dict[str, Any]) -> None:
    model = from_tensorflow(name, classes=["a", "b"])
    assert model.multi_label_
    np.testing.assert_allclose(model.logits(TEXTS), answers[name], atol=1e-6)


def test_what_was_read_is_saved_and_loaded_as_any_model(answers: dict[str, Any], tmp_path: Path) -> None:
    model = from_tensorflow("tutorial")
    model.save(tmp_path / "model")
    loaded = plaudit.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.logits(TEXTS), model.logits(TEXTS))
    assert loaded.provenance()["embedding"]["imported"] == "the Keras model tutorial"


def test_the_command_writes_a_model_without_importing_tensorflow(answers: dict[str, Any], tmp_path: Path) -> None:
    code = (
        "import sys; from plaudit.app.cli import app; "
        f"app(['import', 'tensorflow', 'tutorial', '--classes', 'no,yes', '-o', {str(tmp_path / 'model')!r}], "
        "standalone_mode=False); assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Classes: no, yes" in done.stdout
    assert plaudit.load(tmp_path / "model").class_names == ("no", "yes")


def test_a_module_that_has_moved_is_named(
    saved: Path, answers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree("module", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmbeddingError, match=r"vocabulary of its module, module.*--module"):
        from_tensorflow(saved / "tutorial.keras")
    model = from_tensorflow(saved / "tutorial.keras", module=tmp_path / "elsewhere")
    np.testing.assert_allclose(model.logits(TEXTS), answers["tutorial.keras"], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tanh.keras", r"its activations are tanh, linear"),
        ("module", r"does not say which layers it has"),
        ("nowhere", r"expected a SavedModel's folder"),
    ],
)
def test_what_is_no_such_network_is_refused(name: str, message: str, answers: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=message):
        from_tensorflow(name)


def test_names_that_are_not_as_many_as_the_classes_are_refused(answers: dict[str, Any]) -> None:
    for classes in (["a"], ["a", "a"], ["a", "b", "c"]):
        with pytest.raises(ConfigError, match="the model has 2 classes"):
            from_tensorflow("tutorial", classes=classes)


def test_layers_that_part_or_are_unknown_are_refused() -> None:
    def layer(class_name: str, name: str, *before: str, **config: object) -> dict[str, object]:
        inbound = [[[each, 0, 0, {}] for each in before]] if before else []
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": inbound}

    hub = [layer("InputLayer", "in"), layer("KerasLayer", "hub", "in", handle="m")]
    a = layer("Dense", "a", "hub", units=2, activation="relu")
    skipping = layer("Dense", "b", "hub", units=1, activation="linear")
    for layers, message in (
        ([*hub, a, skipping], "does not follow on the one before it alone"),
        ([*hub, layer("LSTM", "a", "hub")], "its layers are KerasLayer, LSTM"),
        ([layer("Dense", "a", units=1, activation="linear")], "its first layer is 'Dense'"),
        ([*hub, layer("Dense", "a", "hub", units=1, activation="softmax")], "always 1"),
    ):
        with pytest.raises(ModelError, match=message):
            read_layers(json.dumps({"class_name": "Functional", "config": {"layers": layers}}), where="it")


@pytest.mark.parametrize(
    "name", ["tutorial/saved_model.pb", "tutorial/keras_metadata.pb", "tutorial.keras", "three.h5"]
)
def test_damaged_bytes_give_the_right_numbers_or_an_error_of_ours(
    name: str, answers: dict[str, Any], tmp_path: Path
) -> None:
    rng = random.Random(name)
    root = Path(name).parts[0]
    for i in range(30):
        copy = tmp_path / f"{i}" / root
        copy.parent.mkdir()
        shutil.copytree(root, copy) if Path(root).is_dir() else shutil.copy(root, copy)
        path = tmp_path / f"{i}" / name
        content = bytearray(path.read_bytes())
        if i % 3:
            for _ in range(1 + i % 5):
                content[rng.randrange(len(content))] = rng.randrange(256)
        else:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(content)
        with contextlib.suppress(PlauditError):
            assert np.isfinite(from_tensorflow(copy).logits(TEXTS)).all()


def test_weights_that_lie_in_another_file_are_not_followed(answers: dict[str, Any], tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with zipfile.ZipFile("tutorial.keras") as archive:
        archive.extractall(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/other.h5", "x")
    with zipfile.ZipFile(tmp_path / "linked.keras", "w") as archive:
        for member in ("config.json", "metadata.json", "model.weights.h5"):
            archive.write(tmp_path / member, member)
    with pytest.raises(ModelError, match=r"'layers/dense/vars/0' is not in it"):
        from_tensorflow(tmp_path / "linked.keras")


def test_the_help_names_the_three_forms() -> None:
    from typer.testing import CliRunner

    assert ".h5" in CliRunner().invoke(app, ["import", "tensorflow", "--help"]).stdout
