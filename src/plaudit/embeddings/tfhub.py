"""TF Hub's nnlm family without TensorFlow: from a name, an address, an archive or a folder to a table.

A module is read once and kept in the storage format, so that a second load is a memory map. The reading itself is in
`saved_model`, `saved_model_graph` and `tensor_bundle`; this module knows where modules come from.

The decision to question: a module that `tensorflow_hub` has already put into its cache is taken from there, by that
library's own rule (``$TFHUB_CACHE_DIR``, or ``tfhub_modules`` in the system's temporary folder), before any download.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from plaudit.data.fetch import download_path, fetch_recorded, forget_download
from plaudit.embeddings.cache import cached_folder, cached_table
from plaudit.embeddings.module_archive import is_archive, unpacked
from plaudit.embeddings.saved_model import is_saved_model, module_files, read_saved_model
from plaudit.embeddings.saved_model_graph import TextRules
from plaudit.embeddings.storage import FORMAT_VERSION
from plaudit.embeddings.table import EmbeddingTable
from plaudit.embeddings.tfhub_handles import Handle, Module, parse_handle
from plaudit.errors import EmbeddingError, LimitError

_VERSIONS = (1, FORMAT_VERSION)  # of this reader and of what it is kept in; part of the cache's key
_MAX_DOWNLOAD_BYTES = 1 << 32
_REMEDY = (
    "Where the network is closed, download the module elsewhere and name its tar.gz or unpacked folder instead, or "
    "point TFHUB_CACHE_DIR to a folder in which tensorflow_hub has cached it."
)


def is_module(name: str) -> bool:
    """Whether `load_module` is the one to load what is called so: a known name, a web address, a module on disk."""
    if parse_handle(name):
        return True
    path = Path(name)
    try:
        return is_saved_model(path) if path.is_dir() else path.is_file() and is_archive(path)
    except ValueError:  # a NUL character, in Python 3.11
        return False


def load_module(name_or_path: str | Path, *, progress: bool = False) -> EmbeddingTable:
    """Return a text embedding of TF Hub's nnlm kind as a table that gives the module's vectors.

    Args:
        name_or_path: A known name (`tfhub_handles.MODULES`), a module's web address, a tar archive of a SavedModel, or
            its folder.
        progress: Show a bar on standard error while downloading.

    Raises:
        EmbeddingError: The module is missing, truncated, damaged, unsafe or of another kind.
        FetchError: It is not on this machine and cannot be downloaded.
    """
    if handle := parse_handle(str(name_or_path)):
        return cached_table(_handle_key(handle), lambda: _from_handle(handle, progress=progress))
    path = Path(name_or_path)
    return cached_table(_path_key(path), lambda: _from_path(path))


def module_status(module: Module) -> str:
    """Say how far a module is away: "ready" or "can be fetched"."""
    handle = Handle(module.url, module)
    is_here = (
        cached_folder(_handle_key(handle)).is_dir()
        or any(is_saved_model(folder) for folder in _hub_folders(handle))
        or download_path(_file_name(handle)).is_file()
    )
    return "ready" if is_here else "can be fetched"


def _handle_key(handle: Handle) -> str:
    return _key(handle.addresses[0])


def _key(identity: str) -> str:
    content = "\n".join(map(str, (identity, *_VERSIONS)))
    return f"tfhub-{hashlib.sha256(content.encode(errors='surrogateescape')).hexdigest()[:32]}"


def _path_key(path: Path) -> str:
    """Return a key that changes when a file of the module does."""
    try:
        files = module_files(path) if path.is_dir() else [path]
        stamps = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error.strerror}).") from error
    return _key(f"{path.resolve()} {stamps}")


def _from_path(path: Path) -> EmbeddingTable:
    name = _printable(path.resolve().name)
    provenance = {"source": f"the TF Hub module {name}"}
    if path.is_dir():
        return read_saved_model(path, name=name, provenance=provenance)
    with unpacked(path) as folder:
        return read_saved_model(folder, name=name, provenance=provenance)


def _from_handle(handle: Handle, *, progress: bool) -> EmbeddingTable:
    for folder in _hub_folders(handle):
        if is_saved_model(folder):
            return _read(handle, folder, {"read_from": f"tensorflow_hub's cache, {_printable(folder.name)}"})
    path, sha256 = fetch_recorded(
        handle.download_url,
        file_name=_file_name(handle),
        max_bytes=_MAX_DOWNLOAD_BYTES,
        progress=progress,
        remedy=_REMEDY,
    )
    try:
        with unpacked(path) as folder:
            return _read(handle, folder, {"archive_sha256": sha256})
    except (EmbeddingError, LimitError) as error:
        forget_download(path)  # what came is no module, so it must not be what later downloads are compared to
        raise EmbeddingError(f"{handle.download_url} answered with something that cannot be read: {error}") from error


def _read(handle: Handle, folder: Path, details: dict[str, str]) -> EmbeddingTable:
    provenance = {"source": _printable(handle.url), **details}
    documented = None
    if module := handle.module:
        provenance["licence"] = "Apache-2.0"  # as the modules' pages state
        documented = TextRules(module.delete_punctuation, keep_empty=True, combiner="sqrtn", n_buckets=None)
    return read_saved_model(folder, name=_printable(handle.name), provenance=provenance, documented=documented)


def _hub_folders(handle: Handle) -> list[Path]:
    """Return where `tensorflow_hub` would have unpacked a module: a folder named by the SHA-1 of its address."""
    root = Path(os.environ.get("TFHUB_CACHE_DIR") or Path(tempfile.gettempdir(), "tfhub_modules")).expanduser()
    return [root / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest() for url in handle.addresses]


def _file_name(handle: Handle) -> str:
    digest = hashlib.sha256(handle.url.encode()).hexdigest()[:12]
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in handle.name)
    return f"tfhub-{name[:80]}-{digest}.tar.gz"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:500]
