"""A model folder that a stranger, or a failing disk, has written gives one ModelError."""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from plaudit import NetworkClassifier
from plaudit.budget import Budget, spending
from plaudit.embeddings.storage import held_in_memory
from plaudit.errors import ModelError

FILES = (
    "model.json", "weights.safetensors", "embedding/embedding.json", "embedding/vectors.safetensors",
    "embedding/vocabulary.arrow",
)  # fmt: skip
Manifest = dict[str, Any]  # Any: JSON


@pytest.fixture
def folder(network: NetworkClassifier, tmp_path: Path) -> Path:
    network.save(tmp_path / "model")
    return tmp_path / "model"


def edit(folder: Path, change: Callable[[Manifest], object]) -> None:
    path = folder / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def reseal(folder: Path) -> None:
    """Do what an enemy would: make sizes and hashes right again."""

    def change(manifest: Manifest) -> None:
        for name in manifest["files"]:
            data = (folder / name).read_bytes()
            manifest["files"][name] = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    edit(folder, change)


def put(key: str, value: object) -> Callable[[Manifest], object]:
    return lambda manifest: manifest.update({key: value})


def put_parameter(key: str, value: object) -> Callable[[Manifest], object]:
    return lambda manifest: manifest["parameters"].update({key: value})


def put_file(name: str, facts: object) -> Callable[[Manifest], object]:
    return lambda manifest: manifest["files"].update({name: facts})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("format", "other"), "not a model of Plaudit"),
        (put("format_version", 3), r"format version 3 is newer than this Plaudit reads \(2\); upgrade"),
        (put("format_version", "1"), "format_version '1' is not a number from 1"),
        (put("format_version", True), "format_version True is not a number"),
        (put("format_version", 0), "format_version 0 is not a number from 1"),
        (put("kind", "forest"), "unknown kind of model 'forest'; this Plaudit knows network"),
        (put("kind", None), "'kind' is missing or not a str"),
        (put("kind", ["network"]), "'kind' is missing or not a str"),
        (put("classes", []), "classes must be two or more"),
        (put("classes", ["a"]), "classes must be two or more"),
        (put("classes", ["a", 1]), "classes must be two or more"),
        (put("classes", [["a"], ["b"]]), "classes must be two or more"),
        (put("classes", [None, None]), "classes must be two or more"),
        (put("classes", [1.5, 2.5]), "classes must be two or more"),
        (put("classes", ["a", "a"]), "a class is named twice"),
        (put("classes", ["a", "a\0"]), "a class is named twice"),
        (put("classes", [1, 2**70]), "a number too large"),
        (put("classes", ["a", "\ud800"]), "half of a surrogate pair"),
        (put("classes", ["a", "b", "c"]), r"weights.safetensors: damaged: expected arrays"),
        (put("classes", {"a": 1}), "'classes' is missing or not a list"),
        (put("parameters", []), "'parameters' is missing or not a dict"),
        (put("files", []), "'files' is missing or not a dict"),
        (put("files", {}), "the manifest does not list weights.safetensors"),
        (put_parameter("__class__", 1), "unknown parameter '__class__'"),
        (put_parameter("hidden", 16), "hidden must be a list of layer sizes"),
        (put_parameter("hidden", [16.0]), "hidden must be a list of layer sizes"),
        (put_parameter("hidden", [True]), "hidden must be a list of layer sizes"),
        (put_parameter("hidden", [-16]), "hidden must be a list of layer sizes"),
        (put_parameter("hidden", [1] * 5_000), "hidden must be a list of layer sizes"),
        (put_parameter("hidden", [10**18]), "hidden: every layer needs"),
        (put_parameter("hidden", [10**8]), "damaged: expected arrays"),
        (put_parameter("hidden", [8]), "damaged: expected arrays"),
        (put_parameter("class_weight", [1, 2]), "class_weight must be pairs"),
        (put_parameter("class_weight", [[[], 2]]), "class_weight must be pairs"),
        (put_parameter("epochs", "many"), "epochs: expected a whole number, at least 1, got 'many'"),
        (put_parameter("dropout", "x"), "dropout: expected"),
        (put_parameter("loss", ["x"]), "loss: expected one of"),
        (put_parameter("combiner", {"a": 1}), "combiner: expected one of"),
        (put_file("../secret", {}), r"'../secret' points outside the model's folder"),
        (put_file("embedding/../../secret", {}), "points outside the model's folder"),
        (put_file("/etc/passwd", {}), "'/etc/passwd' points outside"),
        (put_file("", {}), "'' points outside"),
        (put_file("a\0b", {}), "is missing or not a plain file"),
        (put_file("a" * 10_000, {}), "cannot be read: File name too long"),
        (put_file("embedding", {}), "embedding is missing or not a plain file"),
        (put_file("extra.bin", {"size_bytes": 0, "sha256": ""}), "extra.bin is missing"),
        (put_file("weights.safetensors", None), "no size and hash for weights.safetensors"),
        (put_file("weights.safetensors", {}), "bytes, expected None; copy the model again"),
        (put_file("weights.safetensors", {"size_bytes": 1.5, "sha256": 3}), "bytes, expected 1.5"),
    ],
)
def test_a_hostile_manifest_is_refused(folder: Path, change: Callable[[Manifest], object], message: str) -> None:
    edit(folder, change)
    with pytest.raises(ModelError, match=message):
        plaudit.load(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"3", b'"text"', b"\xff\xfe", b"NaN", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"format": "plaudit-model", "format_version": ' + b"9" * 10_000 + b"}",
        b" " * (17 << 20), b'{"format": "plaudit-model", "format_version": 1}',
    ],
    ids=range(13),
)  # fmt: skip
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.json"):
        plaudit.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_missing_or_empty_file_is_told(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        (folder / name).write_bytes(content)
        with pytest.raises(ModelError, match=Path(name).name):
            plaudit.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=Path(name).name):
        plaudit.load(folder)


def test_a_changed_byte_is_told_by_its_hash(folder: Path) -> None:
    data = bytearray((folder / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=r"weights.safetensors: damaged: its SHA-256 is not the one in model.json"):
        plaudit.load(folder)


def test_what_is_no_model_folder_is_told(folder: Path, tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "nowhere", "nowhere does not exist: expected what `plaudit train"),
        (folder / "model.json", "model.json is a file; a model is a folder"),
        (folder / "embedding", "embedding is not a model: it holds no model.json"),
    ):
        with pytest.raises(ModelError, match=message):
            plaudit.load(path)


@pytest.mark.parametrize("name", ["weights.safetensors", "embedding", "embedding/vectors.safetensors"])
def test_links_are_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="is missing or not a plain file"):
        plaudit.load(folder)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_a_files_place_does_not_hang(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(ModelError, match="plain file"):
        plaudit.load(folder)


def test_a_device_in_the_manifests_place_is_not_read(folder: Path) -> None:
    (folder / "model.json").unlink()
    (folder / "model.json").symlink_to("/dev/zero")
    with pytest.raises(ModelError, match="not a plain file"):
        plaudit.load(folder)


def weights_with(name: str, value: Any) -> dict[str, Any]:
    good = {"dense_0.kernel": (4, 16), "dense_0.bias": (16,), "dense_1.kernel": (16, 1), "dense_1.bias": (1,)}
    tensors: dict[str, Any] = {key: np.zeros(shape, np.float32) for key, shape in good.items()}
    tensors[name] = value
    return {key: tensor for key, tensor in tensors.items() if tensor is not None}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (weights_with("dense_0.bias", np.full(16, np.nan, np.float32)), "dense_0.bias must be float32 without NaN"),
        (weights_with("dense_0.bias", np.full(16, np.inf, np.float32)), "without NaN or infinity"),
        (weights_with("dense_0.bias", np.zeros(16, np.float64)), "dense_0.bias must be float32"),
        (weights_with("dense_0.bias", np.zeros(16, np.int32)), "dense_0.bias must be float32"),
        (weights_with("dense_0.bias", np.zeros(17, np.float32)), "expected arrays"),
        (weights_with("dense_0.bias", None), "expected arrays"),
        (weights_with("dense_2.bias", np.zeros(1, np.float32)), "expected arrays"),
        ({}, "expected arrays"),
    ],
)
def test_weights_of_another_shape_or_kind_are_refused(folder: Path, tensors: dict[str, Any], message: str) -> None:
    (folder / "weights.safetensors").write_bytes(safetensors.numpy.save(tensors))
    reseal(folder)
    with pytest.raises(ModelError, match=message):
        plaudit.load(folder)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "F16", "U64", "nonsense"])
def test_numbers_of_a_kind_that_numpy_lacks_are_refused(folder: Path, kind: str) -> None:
    header = json.dumps({"dense_0.bias": {"dtype": kind, "shape": [16], "data_offsets": [0, 32]}}).encode()
    (folder / "weights.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(32))
    reseal(folder)
    with pytest.raises(ModelError, match=r"weights.safetensors: damaged"):
        plaudit.load(folder)


@pytest.mark.parametrize("name", FILES[1:])
@pytest.mark.parametrize("content", [b"", b"\x00" * 8, b"\xff" * 64, b"ARROW1\0\0", b'{"format_version": 1}'])
def test_a_file_of_rubbish_with_the_right_hash_is_refused(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    reseal(folder)
    with pytest.raises(ModelError, match=Path(name).name.partition(".")[0]):
        plaudit.load(folder)


@given(
    name=st.sampled_from(FILES),
    position=st.floats(0, 1, exclude_max=True),
    replacement=st.binary(min_size=1, max_size=12),
    is_sealed=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_damaged_bytes_give_a_model_error_or_a_model(
    network: NetworkClassifier,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    position: float,
    replacement: bytes,
    is_sealed: bool,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    network.save(folder)
    data = bytearray((folder / name).read_bytes())
    start = int(position * len(data))
    data[start : start + len(replacement)] = replacement
    (folder / name).write_bytes(data)
    if is_sealed and name != "model.json":
        reseal(folder)
    try:
        model = plaudit.load(folder)
    except ModelError:
        return
    with np.errstate(all="ignore"):  # sealed weights may be any finite numbers
        answers = model.predict_proba(["good film", ""])
    assert answers.shape == (2, len(model.classes_))
    if not is_sealed and name != "model.json":
        assert np.array_equal(answers, network.predict_proba(["good film", ""]))


def test_weights_of_a_kind_that_numpy_lacks_are_refused(folder: Path) -> None:
    """All arrays as they should be, but in eight bits."""
    path = folder / "weights.safetensors"
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header, at = json.loads(data[8 : 8 + size]), 0
    for name in header:
        n = int(np.prod(header[name]["shape"]))
        header[name] |= {"dtype": "F8_E4M3", "data_offsets": [at, at + n]}
        at += n
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + bytes(at))
    reseal(folder)
    with pytest.raises(ModelError, match=r"weights\.safetensors: damaged: dense_\S+ must be float32"):
        plaudit.load(folder)


def test_an_answer_that_is_no_number_is_an_error(folder: Path) -> None:
    tensors = safetensors.numpy.load_file(folder / "weights.safetensors")
    huge = {name: np.where(np.arange(t.size).reshape(t.shape) % 2, 3e38, -3e38) for name, t in tensors.items()}
    safetensors.numpy.save_file({n: t.astype(np.float32) for n, t in huge.items()}, folder / "weights.safetensors")
    reseal(folder)
    model = plaudit.load(folder)
    for ask in (model.predict, model.predict_proba, model.decision_function, model.logits):
        with pytest.raises(ModelError, match="answer to text 1 is not a finite number: its weights are too large"):
            ask(["good film"])


@pytest.mark.parametrize("prefix", ["./", "embedding/../", "embedding//../", ".//"])
def test_a_file_has_one_name(folder: Path, prefix: str) -> None:
    """3,000 names of one file were 3,000 times its hash."""
    edit(folder, lambda m: m["files"].update({prefix + "weights.safetensors": m["files"]["weights.safetensors"]}))
    with pytest.raises(ModelError, match=r"(is not the plain name of a file|points outside)"):
        plaudit.load(folder)


def test_a_file_is_hashed_once_and_not_too_many_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from plaudit.models import artifact

    counted: list[Path] = []
    digest = artifact._sha256

    def counting(path: Path) -> str:
        counted.append(path)
        return digest(path)

    monkeypatch.setattr(artifact, "_sha256", counting)
    for number in range(900):
        os.link(folder / "weights.safetensors", folder / f"{number}")
    facts = json.loads((folder / "model.json").read_text())["files"]["weights.safetensors"]
    edit(folder, lambda m: m["files"].update({str(number): facts for number in range(900)}))
    plaudit.load(folder)
    assert len(counted) == len(FILES) - 1
    edit(folder, lambda m: m["files"].update({str(number): facts for number in range(3_000)}))
    with pytest.raises(ModelError, match="3,004 files; at most 1,000 are read"):
        plaudit.load(folder)


def test_names_of_classes_that_take_gigabytes_are_refused(folder: Path) -> None:
    edit(folder, put("classes", ["a" * 100_000, *map(str, range(100_000))]))
    with pytest.raises(ModelError, match="the names of the classes are too long"):
        plaudit.load(folder)


def test_a_vocabulary_that_expands_too_far_is_refused(folder: Path) -> None:
    path = folder / "embedding" / "vocabulary.arrow"
    schema = pa.schema([pa.field("token", pa.large_string())])
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        writer.write_batch(pa.record_batch([pa.array(["a" * 2**24], pa.large_string())], schema=schema))
    description = json.loads((folder / "embedding" / "embedding.json").read_text())
    description["crc32"]["vocabulary.arrow"] = zlib.crc32(path.read_bytes())
    (folder / "embedding" / "embedding.json").write_text(json.dumps(description))
    reseal(folder)
    with (
        spending(Budget(free_bytes=2**20)),
        pytest.raises(ModelError, match=r"vocabulary\.arrow: .*compressed ones; at most 100 times"),
    ):
        plaudit.load(folder)


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), RecursionError(), MemoryError(), AttributeError("F8"), AssertionError(), OSError(5)]
)
def test_whatever_a_reader_raises_is_one_error(folder: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(NetworkClassifier, "read", fail)
    with pytest.raises(
        ModelError, match=r"model: (damaged, or not written by Plaudit|there is not enough memory|cannot be)"
    ):
        plaudit.load(folder)


def test_a_panic_of_rust_is_one_error_and_a_stop_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})("called `Option::unwrap()` on a `None` value")
    for raised, expected in ((panic, ModelError), (KeyboardInterrupt(), KeyboardInterrupt)):

        def fail(*_: object, raised: BaseException = raised) -> None:
            raise raised

        monkeypatch.setattr(NetworkClassifier, "read", fail)
        with pytest.raises(expected):
            plaudit.load(folder)


def test_what_is_held_in_memory_outlives_its_files(folder: Path) -> None:
    """A map of a file that is cut short kills the process."""
    expected = plaudit.load(folder).predict_proba(["good film", "dull"])
    with held_in_memory():
        model = plaudit.load(folder)
    for path in folder.rglob("*.*"):
        if path.is_file():
            os.truncate(path, 0)
    assert np.array_equal(model.predict_proba(["good film", "dull"]), expected)
