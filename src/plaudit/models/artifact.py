"""A model as a folder: JSON, safetensors and Arrow, never pickle. `docs/artifact.md` is the format's description.

`model.json` is the manifest: format, version, classes, parameters, and the size and SHA-256 of every file that scoring
needs. Reading treats the folder as hostile: nothing is built before the manifest and the files it names are checked,
and whatever else goes wrong while one of its files is read is a `ModelError` with the file's name (`opening`).
Writing is all or nothing: a new folder is filled beside the target and renamed into its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.budget import current
from plaudit.data.publish import publish_file, publish_folder
from plaudit.errors import (
    DataError,
    EmbeddingError,
    FetchError,
    MissingExtraError,
    ModelError,
    PlauditError,
    PluginError,
)
from plaudit.models.label_values import MOST_CLASS_BYTES, class_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT, VERSION = "plaudit-model", 2
_PLAIN_VERSION = 1  # of models without "class_scaling", which older versions of Plaudit would not see
MANIFEST = "model.json"
_MANIFEST_LIMIT_BYTES = 16 * 1024 * 1024
_REQUIRED = {"kind": str, "classes": list, "parameters": dict, "files": dict}
_DEFAULTS = {"multi_label": False, "temperature": 1.0, "class_scaling": None, "rule": None, "package": None}
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LEAST_TEMPERATURE, _MOST_TEMPERATURE = 1e-3, 1e3  # what training can choose, with room for what a person may set
_KINDS = {"float32": "F32", "float64": "F64", "int64": "I64", "uint32": "U32"}  # as safetensors names them
_CHECKPOINT = "checkpoint.safetensors"  # what a run that was cut off leaves where its model would have come


@contextlib.contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong in the block, which reads `path` and trusts nothing in it, into an error of its own.

    The libraries below raise what they like of bytes that they did not expect: plain exceptions, panics of Rust. None
    of them may end a process that opens models of others.

    Raises:
        ModelError: Something went wrong; the message names the file.
        MissingExtraError, PluginError: As it came.
    """
    try:
        yield
    except (ModelError, MissingExtraError, PluginError):
        raise
    except PlauditError as error:
        message = str(error)
        raise ModelError(message if message.startswith(str(path)) else f"{path}: damaged: {message}") from error
    except MemoryError as error:
        raise ModelError(f"{path}: there is not enough memory to open it.") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # Rust's, no Exception
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"{path}: damaged, or not written by Plaudit ({reason}).") from error


@contextlib.contextmanager
def publish(target: str | Path) -> Iterator[Path]:
    """Give an empty folder to fill, and put it in the place of `target` when the block ends without an error.

    A model that stands at `target` stays untouched until then, and is removed after. A full disk, an error or a kill
    leaves it as it was.

    Raises:
        ModelError: `target` is a file, or a folder that holds something other than a model; or writing failed.
    """
    target = Path(target)
    check_target(target)
    try:
        with publish_folder(target) as folder:
            yield folder
    except (OSError, EmbeddingError) as error:
        if isinstance(error, FetchError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ModelError(
            f"{target}: the model could not be written ({reason}); the earlier content is unchanged."
        ) from error


def check_target(target: Path) -> None:
    """Refuse a place where saving a model would destroy something else.

    Raises:
        ModelError: `target` is a file, lies where nothing can be written, or is a folder that is neither empty nor a
            model's.
    """
    if target.is_dir():
        foreign = sorted(p.name for p in target.iterdir() if not p.name.startswith((MANIFEST, _CHECKPOINT)))
        if foreign and not (target / MANIFEST).is_file():
            raise ModelError(
                f"{target}: this folder holds something other than a model ({foreign[0]}, …); name a new folder."
            )
    elif target.exists():
        raise ModelError(f"{target} is a file; a model is a folder: name another place.")
    place = next(parent for parent in target.absolute().parents if parent.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise ModelError(f"{target}: nothing can be written in {place}; name another place.")


def write_manifest(
    folder: Path,
    *,
    kind: str,
    classes: NDArray[Any],
    parameters: dict[str, Any],
    multi_label: bool = False,
    temperature: float = 1.0,
    class_scaling: dict[str, Any] | None = None,
    rule: dict[str, Any] | None = None,
    package: str | None = None,
) -> None:
    """Write `model.json` for the files that now lie in `folder`; `package` is the plugin that its kind is of."""
    import plaudit

    files = {
        path.relative_to(folder).as_posix(): {"size_bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {
        "format": FORMAT,
        "format_version": _PLAIN_VERSION if class_scaling is None else VERSION,
        "plaudit_version": plaudit.__version__,
        "kind": kind,
        **({} if package is None else {"package": package}),
        "classes": classes.tolist(),
        "multi_label": multi_label,
        "temperature": temperature,
        **({} if class_scaling is None else {"class_scaling": class_scaling}),
        "rule": rule,
        "parameters": parameters,
        "files": files,
    }
    (folder / MANIFEST).write_bytes(_as_json(manifest))


def write_rule(folder: Path, rule: dict[str, Any] | None) -> None:
    """Put another decision rule into the manifest of a model that stands, whole or not at all.

    Raises:
        ModelError: It is no model, or cannot be written.
    """
    manifest = {**read_manifest(folder), "rule": rule}
    for name in ("package", "class_scaling"):
        if manifest[name] is None:
            del manifest[name]  # as `write_manifest` leaves it out
    try:
        publish_file(folder / MANIFEST, _as_json(manifest))
    except DataError as error:
        raise ModelError(str(error)) from error


def _as_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read `model.json` and check it, and every file that it names, before anything is built from them.

    A manifest without "multi_label", "temperature" or "rule" gets them as false, 1.0 and null: the first models had
    none; likewise null for "package" and "class_scaling", which few models have. What the rule and the scaling hold,
    the classifier checks.

    Raises:
        ModelError: The folder is missing, is no model, is damaged, or is of a newer format.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file; a model is a folder" if folder.exists() else "does not exist"
        raise ModelError(f"{folder} {what}: expected what `plaudit train --output DIR` or `save` wrote.")
    path = folder / MANIFEST
    if path.exists() and not path.is_file():
        raise ModelError(f"{path} is not a plain file; not a Plaudit model.")
    try:
        if path.stat().st_size > _MANIFEST_LIMIT_BYTES:
            raise ModelError(f"{path}: {path.stat().st_size:,} bytes is too large for a manifest; not a Plaudit model.")
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is not a model: it holds no {MANIFEST}.") from error
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path}: damaged or not a model's ({type(error).__name__}: {error}).") from error
    _check_manifest(path, manifest)
    current().check_members(len(manifest["files"]), str(path))
    hashed: dict[tuple[int, int], str] = {}
    for name, facts in manifest["files"].items():
        try:
            _check_file(folder, name, facts, hashed)
        except OSError as error:
            raise ModelError(f"{folder}: {name!r} cannot be read: {error.strerror or error}.") from error
    checked: dict[str, Any] = {**manifest, **{key: value for key, value in _DEFAULTS.items() if key not in manifest}}
    return checked


def _check_manifest(path: Path, manifest: object) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelError(f'{path}: not a model of Plaudit (expected "format": "{FORMAT}").')
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise ModelError(f"{path}: format_version {version!r} is not a number from 1.")
    if version > VERSION:
        raise ModelError(
            f"{path}: format version {version} is newer than this Plaudit reads ({VERSION}); upgrade Plaudit."
        )
    for key, expected in _REQUIRED.items():
        if not isinstance(manifest.get(key), expected):
            raise ModelError(f"{path}: damaged: {key!r} is missing or not a {expected.__name__}.")
    classes, multi_label = manifest["classes"], manifest.get("multi_label", False)
    if type(multi_label) is not bool:
        raise ModelError(f"{path}: damaged: multi_label must be true or false.")
    temperature = manifest.get("temperature", 1.0)
    if type(temperature) not in (int, float) or not _LEAST_TEMPERATURE <= temperature <= _MOST_TEMPERATURE:
        raise ModelError(f"{path}: damaged: temperature must be a number from 0.001 to 1000.")
    package = manifest.get("package")
    if package is not None and not (isinstance(package, str) and _PACKAGE.fullmatch(package)):
        raise ModelError(f"{path}: damaged: package is not the name of a package.")
    least = 1 if multi_label else 2
    if len({type(c) for c in classes}) != 1 or type(classes[0]) not in (str, int, bool) or len(classes) < least:
        count = "one" if multi_label else "two"
        raise ModelError(f"{path}: damaged: classes must be {count} or more words or numbers.")
    if class_bytes(classes) > MOST_CLASS_BYTES:
        raise ModelError(f"{path}: damaged: the names of the classes are too long.")
    found = np.array(classes)
    if found.dtype.kind not in "Uib" or found.tolist() != classes or len(set(classes)) != len(classes):
        raise ModelError(
            f"{path}: damaged: a class is named twice, is a number too large to be one, or ends in the character NUL."
        )
    if not _is_unicode(manifest):
        raise ModelError(f"{path}: damaged: half of a surrogate pair, which is not a character.")


def _check_file(folder: Path, name: str, facts: object, hashed: dict[tuple[int, int], str]) -> None:
    """Check a file's place, size and hash; a file is hashed once, whatever names it has."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts or len(parts) > 3:
        raise ModelError(f"{folder / MANIFEST}: {name!r} points outside the model's folder.")
    if PurePosixPath(name).as_posix() != name:
        raise ModelError(f"{folder / MANIFEST}: damaged: {name!r} is not the plain name of a file.")
    path = folder / name
    if not path.is_file() or path.is_symlink() or path.parent.resolve() != folder.resolve() / Path(name).parent:
        raise ModelError(f"{folder}: damaged: {name} is missing or not a plain file.")
    if not isinstance(facts, dict):
        raise ModelError(f"{folder / MANIFEST}: damaged: no size and hash for {name}.")
    status = path.stat()
    if status.st_size != facts.get("size_bytes"):
        expected = str(facts.get("size_bytes"))[:20]
        raise ModelError(f"{path}: damaged: {status.st_size:,} bytes, expected {expected}; copy the model again.")
    key = (status.st_dev, status.st_ino)
    if key not in hashed:
        hashed[key] = _sha256(path)
    if hashed[key] != facts.get("sha256"):
        raise ModelError(f"{path}: damaged: its SHA-256 is not the one in {MANIFEST}; copy the model again.")


def read_tensors(
    path: Path, shapes: dict[str, tuple[int, ...]], dtype: type[np.generic] = np.float32
) -> dict[str, NDArray[Any]]:
    """Read a safetensors file that must hold exactly these arrays, all finite; a length of -1 may be any.

    What it says it holds is checked before it is read; it is read into memory, never mapped.

    Raises:
        ModelError: It does not.
    """
    from safetensors import safe_open

    kind = np.dtype(dtype).name
    with opening(path), safe_open(path, framework="numpy", backend="pread") as file:
        said = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        found = {name: tuple(view.get_shape()) for name, view in said.items()}
        if found.keys() != shapes.keys() or not all(_fits(found[name], shapes[name]) for name in shapes):
            raise ModelError(f"{path}: damaged: expected arrays {str(shapes)[:300]}, found {str(found)[:300]}.")
        tensors: dict[str, NDArray[Any]] = {}
        for name, view in said.items():
            is_kind = view.get_dtype() == _KINDS[kind]
            if is_kind:
                tensors[name] = file.get_tensor(name)
            if not is_kind or not np.isfinite(tensors[name]).all():
                raise ModelError(f"{path}: damaged: {name} must be {kind} without NaN or infinity.")
    return tensors


def _fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) == len(expected) and all(e in (-1, n) for n, e in zip(shape, expected, strict=True))


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
