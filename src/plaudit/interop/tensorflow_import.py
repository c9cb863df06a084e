"""The tutorial's network, saved by Keras, as a Plaudit model with the same probabilities, without TensorFlow.

    model = from_tensorflow("my_saved_model", classes=["negative", "positive"])

A SavedModel holds all: vocabulary, rules, weights. A .keras archive and an .h5 file hold the weights alone, and name
the module whose vocabulary they need; reading them takes h5py (extra ``import``).

The decision to question: what comes is a `NetworkClassifier` as if it had been trained here, so everything else
(calibration, thresholds, serving, exports) works on it. Two softmax logits become their difference, as one logit does.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.embeddings.protobuf import Message, WireError
from plaudit.embeddings.saved_model import VARIABLES, is_saved_model, read_saved_model
from plaudit.embeddings.saved_model_graph import GRAPH_FILE
from plaudit.embeddings.tensor_bundle import TensorBundle
from plaudit.embeddings.tfhub import load_module
from plaudit.errors import ConfigError, EmbeddingError, ModelError, require
from plaudit.interop.keras_layers import Layers, read_layers
from plaudit.models.network import NetworkClassifier
from plaudit.training.dense import DenseLayers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.embeddings.table import EmbeddingTable

_METADATA = "keras_metadata.pb"
_DESCRIPTION, _WEIGHTS = "config.json", "model.weights.h5"
_MOST_DESCRIPTION_BYTES = 1 << 26
_CHUNK_BYTES = 1 << 20


def from_tensorflow(
    path: str | Path, *, classes: Sequence[str] | None = None, module: str | Path | None = None
) -> NetworkClassifier:
    """Return a saved Keras model of a hub layer and dense layers as a classifier.

    Args:
        path: A SavedModel's folder (`model.save("folder")`), a .keras archive, or an .h5 file.
        classes: The classes' names in the order of the outputs, the one of a probability near 0 first where there is
            one output; None numbers them from 0.
        module: For .keras and .h5 files, the hub module, where it is no longer at the place that the file names.

    Raises:
        ModelError: It is damaged, or a model of another kind; the message says how it differs.
        EmbeddingError: The module in it, or beside it, cannot be read.
        ConfigError: There are not as many names as classes.
        MissingExtraError: h5py is needed and not installed.
    """
    path = Path(path)
    if is_saved_model(path):
        layers, table, dense = _from_saved_model(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        layers, table, dense = _from_archive(path, module)
    elif path.is_file():
        layers, table, dense = _from_hdf5(path, module)
    else:
        raise ModelError(f"{path}: expected a SavedModel's folder (with {GRAPH_FILE}), a .keras or an .h5 file.")
    _check_finite(path, table, dense)
    if not layers.is_set and layers.units[-1] == 2:
        dense = _as_one_logit(dense)
    n_logits = dense.kernels[-1].shape[1]
    n = n_logits if layers.is_set or n_logits > 1 else 2
    if classes is not None and (len(classes) != n or len(set(classes)) != n):
        raise ConfigError(f"classes: the model has {n} classes, got {len(set(classes))} names: {', '.join(classes)}.")
    model = NetworkClassifier(embedding=table.name, hidden=layers.units[:-1])
    model.classes_ = np.arange(n) if classes is None else np.array(classes)
    model.multi_label_ = layers.is_set
    model.table_, model.layers_ = table, dense
    return model


def _from_saved_model(folder: Path) -> tuple[Layers, EmbeddingTable, DenseLayers]:
    description = _description(folder)
    layers = read_layers(description, where=str(folder))
    bundle = TensorBundle(folder / VARIABLES / VARIABLES)
    table = read_saved_model(
        folder, name=folder.resolve().name, provenance=_provenance(folder, layers), variable="layer_with_weights-0/"
    )

    def read(i: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return bundle.read(f"layer_with_weights-{i + 1}/{name}", shape)

    return layers, table, _dense(layers, table.dimension, read)


def _description(folder: Path) -> str:
    """Return the JSON of the whole model: of a file of its own since TensorFlow 2.5, before of the graph's objects."""
    path = folder / _METADATA
    try:
        if path.is_file():
            if path.stat().st_size > _MOST_DESCRIPTION_BYTES:
                raise ModelError(f"{path}: larger than {_MOST_DESCRIPTION_BYTES:,} bytes; no description of layers.")
            nodes = Message(path.read_bytes()).messages(1)  # saved_metadata.proto: 3 path, 5 metadata
            found = (node.text(5) for node in nodes if node.text(3) == "root")
        else:
            meta_graphs = Message((folder / GRAPH_FILE).read_bytes()).messages(2)
            objects = meta_graphs[0].message(7).messages(1) if meta_graphs else []  # saved_object_graph.proto
            found = (each.message(4).text(3) for each in objects[:1])
        description = next(found, "")
    except (WireError, OSError) as error:
        raise ModelError(f"{path}: cannot be read, or damaged ({error}).") from error
    if not description:
        raise ModelError(
            f"{folder}: it does not say which layers it has: `model.export` leaves that out, and a module has none; "
            'save it with model.save("folder"), or as a .keras file.'
        )
    return description


def _from_archive(path: Path, module: str | Path | None) -> tuple[Layers, EmbeddingTable, DenseLayers]:
    h5py = require("h5py", extra="import", purpose="Reading a .keras file")
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="plaudit-keras-") as scratch:
            if archive.getinfo(_DESCRIPTION).file_size > _MOST_DESCRIPTION_BYTES:
                raise ModelError(f"{path}: {_DESCRIPTION} is larger than {_MOST_DESCRIPTION_BYTES:,} bytes.")
            layers = read_layers(archive.read(_DESCRIPTION), where=str(path))
            if archive.getinfo(_WEIGHTS).compress_type != zipfile.ZIP_STORED:
                raise ModelError(f"{path}: {_WEIGHTS} is compressed, which Keras does not do.")
            weights = Path(scratch, _WEIGHTS)
            with archive.open(_WEIGHTS) as source, weights.open("wb") as target:
                for chunk in iter(lambda: source.read(_CHUNK_BYTES), b""):
                    target.write(chunk)
            with _opened(h5py, weights, path) as file:
                return _from_weights(
                    path, layers, module, file, lambda names, i, _: f"layers/{names.class_path}/vars/{i}"
                )
    except (KeyError, zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise ModelError(f"{path}: truncated, or not a .keras file ({' '.join(str(error).split())[:200]}).") from error


def _from_hdf5(path: Path, module: str | Path | None) -> tuple[Layers, EmbeddingTable, DenseLayers]:
    h5py = require("h5py", extra="import", purpose="Reading an .h5 file")
    with _opened(h5py, path, path) as file:
        if not isinstance(description := file.attrs.get("model_config"), str):
            raise ModelError(f"{path}: it does not say which layers it has; save it with model.save, weights and all.")
        compiled = file.attrs.get("training_config")
        layers = read_layers(description, where=str(path), loss=[compiled] if compiled is None else _parsed(compiled))

        def place(names: Any, i: int, word: str) -> str:  # Any: LayerNames
            group = file[f"model_weights/{names.name}"]
            weights = [each.decode() if isinstance(each, bytes) else str(each) for each in group.attrs["weight_names"]]
            fitting = [each for each in weights if not word or each.split("/")[-1].split(":")[0] == word]
            return f"model_weights/{names.name}/{fitting[0] if word else fitting[i]}"

        return _from_weights(path, layers, module, file, place)


def _parsed(description: object) -> object:
    try:
        return json.loads(str(description)).get("loss")
    except (ValueError, AttributeError):
        return None


@contextmanager
def _opened(h5py: Any, path: Path, shown: Path) -> Iterator[Any]:
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (KeyError, IndexError, OSError, RuntimeError, ValueError, TypeError) as error:
        if isinstance(error, ModelError | EmbeddingError | ConfigError):
            raise
        raise ModelError(
            f"{shown}: truncated, or not Keras's weights ({' '.join(str(error).split())[:200]})."
        ) from error


def _from_weights(
    path: Path, layers: Layers, module: str | Path | None, file: Any, place: Callable[[Any, int, str], str]
) -> tuple[Layers, EmbeddingTable, DenseLayers]:
    """Read the weights of an HDF5 file, and the vocabulary of the module that it names."""
    source = str(module) if module is not None else layers.handle
    if not source:
        raise ModelError(f"{path}: it does not name its hub module; say which: module=, or --module.")
    try:
        table = load_module(source)
    except EmbeddingError as error:
        if module is not None:
            raise
        raise EmbeddingError(
            f"{path}: its weights need the vocabulary of its module, {source}, which cannot be read: {error} "
            "Say where it is now: module=, or --module."
        ) from error
    vectors = _numbers(file, place(layers.hub, 0, ""), table.vectors.shape, path)

    def read(i: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return _numbers(file, place(layers.dense[i], 0 if name == "kernel" else 1, name), shape, path)

    dense = _dense(layers, table.dimension, read)
    provenance = {**table.provenance, **_provenance(path, layers)}
    return layers, replace(table, vectors=vectors, provenance=provenance), dense


def _numbers(file: Any, name: str, shape: tuple[int, ...], path: Path) -> NDArray[np.float32]:
    """Return a data set of a file, refusing one that lies elsewhere or is of another shape than its layer."""
    import h5py

    for depth in range(1, name.count("/") + 2):
        part = "/".join(name.split("/")[:depth])
        if not isinstance(file.get(part, getlink=True), h5py.HardLink):
            raise ModelError(f"{path}: damaged: {name!r:.100} is not in it.")
    data = file[name]
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual or data.dtype.kind != "f":
        raise ModelError(f"{path}: damaged: {name!r:.100} is not a table of numbers.")
    if data.shape != shape:
        raise ModelError(f"{path}: {name!r:.100} is of shape {data.shape}; its layer's is {shape}.")
    found: NDArray[np.float32] = np.asarray(data[()], np.float32)
    return found


def _dense(
    layers: Layers, dimension: int, read: Callable[[int, str, tuple[int, ...]], NDArray[np.float32]]
) -> DenseLayers:
    """Read the dense layers; one without a bias has zeros."""
    widths = (dimension, *layers.units)
    kernels, biases = [], []
    for i, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
        kernels.append(read(i, "kernel", (n_in, n_out)))
        biases.append(read(i, "bias", (n_out,)) if layers.has_bias[i] else np.zeros(n_out, np.float32))
    return DenseLayers(kernels, biases)


def _check_finite(path: Path, table: EmbeddingTable, dense: DenseLayers) -> None:
    arrays = (table.vectors, *dense.kernels, *dense.biases)
    if not all(np.isfinite(array).all() for array in arrays):
        raise ModelError(f"{path}: a weight is NaN or infinite; the training diverged.")


def _as_one_logit(dense: DenseLayers) -> DenseLayers:
    """Return two softmax logits as one: softmax(a, b) is the sigmoid of their difference."""
    kernel, bias = dense.kernels[-1], dense.biases[-1]
    return DenseLayers([*dense.kernels[:-1], kernel[:, 1:] - kernel[:, :1]], [*dense.biases[:-1], bias[1:] - bias[:1]])


def _provenance(path: Path, layers: Layers) -> dict[str, str]:
    name = "".join(letter if letter.isprintable() else "?" for letter in path.resolve().name)[:200]
    handle = "".join(letter if letter.isprintable() else "?" for letter in layers.handle)[:300]
    return {"imported": f"the Keras model {name}", **({"module": handle} if handle else {})}
