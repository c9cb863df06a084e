"""The curves as pictures: whole, repeatable, and drawn for every history there can be."""

import math
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from plaudit import plot_curves
from plaudit.training import EpochResult, History

NAMES = {f"{name}{end}" for name in ("loss", "accuracy") for end in (".svg", ".png", "-dark.png")}


def history(n: int, *, has_validation: bool = True) -> History:
    curves = History()
    for epoch in range(1, n + 1):
        loss, accuracy = 0.7 * math.exp(-epoch / 8), 1 - 0.5 * math.exp(-epoch / 6)
        val_loss = 0.3 + (epoch - 9) ** 2 / 900 if has_validation else None
        val_accuracy = 0.87 - 0.3 * math.exp(-epoch / 3) if has_validation else None
        curves.append(EpochResult(loss, accuracy, val_loss, val_accuracy, seconds=0.1))
    return curves


def check_png(path: Path) -> tuple[int, int]:
    """Read a PNG's chunks by the standard (W3C PNG, section 5) and return its size."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    position, pixels = 8, b""
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        pixels += body if kind == b"IDAT" else b""
        position += 12 + length
    width, height = struct.unpack(">II", data[16:24])
    assert len(set(zlib.decompress(pixels))) > 10  # something is drawn
    return width, height


@pytest.mark.parametrize("has_validation", [True, False])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_every_file_is_a_whole_picture(tmp_path: Path, n: int, has_validation: bool) -> None:
    paths = plot_curves(history(n, has_validation=has_validation), tmp_path, kept_epoch=1)
    assert {path.name for path in paths} == NAMES == {path.name for path in tmp_path.iterdir()}
    for path in paths:
        if path.suffix == ".png":
            assert check_png(path) == (960, 600)
        else:
            assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_same_history_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        plot_curves(history(10), tmp_path / name, kept_epoch=9)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_svg_says_what_it_shows_as_text(tmp_path: Path) -> None:
    plot_curves(history(10), tmp_path, kept_epoch=9)
    texts = "".join(ElementTree.parse(tmp_path / "loss.svg").getroot().itertext())
    for words in ("Training and validation loss", "Epoch", "Training loss", "Validation loss", "Kept: epoch 9"):
        assert words in texts
    plot_curves(history(10, has_validation=False), tmp_path)
    texts = "".join(ElementTree.parse(tmp_path / "loss.svg").getroot().itertext())
    assert "Validation loss" not in texts
    assert "Kept" not in texts


def test_a_loss_that_is_no_number_is_a_gap(tmp_path: Path) -> None:
    curves = history(5)
    curves.history["val_loss"][2] = math.nan
    curves.history["loss"][4] = math.inf
    assert len(plot_curves(curves, tmp_path)) == 6


def test_plotting_touches_no_global_state(tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    plot_curves(history(3), tmp_path)
    assert dict(matplotlib.rcParams) == before
