"""SavedModels that are truncated, changed, foreign or hostile: one clear error each, never a wrong table."""

from pathlib import Path

import module_bytes
import numpy as np
import pytest
from module_bytes import VECTORS, string, write_module

from plaudit.embeddings.saved_model import read_saved_model
from plaudit.embeddings.saved_model_graph import TextRules
from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import EmbeddingError


def read(folder: Path, documented: TextRules | None = None) -> EmbeddingTable:
    return read_saved_model(folder, name="module", provenance={"source": "a test"}, documented=documented)


INDEX, DATA = Path("variables", "variables.index"), Path("variables", "variables.data-00000-of-00001")


def damage(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name, message in (
        (DATA, r"data-00000-of-00001: cannot be read \(No such file"),
        (INDEX, r"variables\.index: cannot be read \(No such file"),
        (Path("assets", "tokens.txt"), r"assets: expected one file, the vocabulary.*got none"),
        (Path("saved_model.pb"), r"saved_model\.pb: cannot be read \(No such file.*expected a SavedModel"),
    ):
        write_module(tmp_path)
        (tmp_path / name).unlink()
        with pytest.raises(EmbeddingError, match=message):
            read(tmp_path)


@pytest.mark.parametrize("name", [INDEX, DATA, Path("saved_model.pb")])
def test_every_truncation_is_one_clear_error(tmp_path: Path, name: Path) -> None:
    write_module(tmp_path)
    content = (tmp_path / name).read_bytes()
    needed = len(content) - (3 if name == DATA else 0)  # what follows the matrix in the data file is not read
    for size in range(needed):
        (tmp_path / name).write_bytes(content[:size])
        with pytest.raises(EmbeddingError, match=r"^/") as caught:
            read(tmp_path)
        assert "\n" not in str(caught.value)


def test_every_changed_byte_of_the_matrix_its_index_and_the_magic_number_is_found(tmp_path: Path) -> None:
    write_module(tmp_path)
    index = (tmp_path / INDEX).read_bytes()
    data_block = range(index.rindex(module_bytes.block(module_bytes.entries_block({}))))
    magic = range(len(index) - len(module_bytes.MAGIC), len(index))
    for name, positions in ((DATA, range(3, 3 + VECTORS.nbytes)), (INDEX, (*data_block, *magic))):
        for position in positions:
            damage(tmp_path / name, position)
            with pytest.raises(EmbeddingError, match=r"variables\.(index|data-00000-of-00001): "):
                read(tmp_path)
            damage(tmp_path / name, position)
    assert read(tmp_path).vectors.tobytes() == VECTORS.tobytes()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (module_bytes.header(0), "at least one little-endian data file, got 0"),
        (module_bytes.header(1, endianness=1), "got 1 of endianness 1"),
        (b"\xff", "damaged: a number at byte"),
    ],
)
def test_a_foreign_header_is_refused(tmp_path: Path, header: bytes, message: str) -> None:
    write_module(tmp_path)
    values = VECTORS.tobytes()
    entries = {b"": header, b"embeddings": module_bytes.entry(1, VECTORS.shape, values, 3)}
    (tmp_path / INDEX).write_bytes(module_bytes.table(entries))
    with pytest.raises(EmbeddingError, match=message):
        read(tmp_path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (module_bytes.entry(1, (4, 3), b"x" * 7, 0), r"damaged: embeddings of shape \(4, 3\) in 7 bytes"),
        (module_bytes.entry(1, (1 << 40, 3), VECTORS.tobytes(), 3), "damaged: embeddings of shape"),
        (module_bytes.entry(7, (4, 3), VECTORS.tobytes(), 3), "got no matrix"),
        (module_bytes.entry(1, (4, 3), VECTORS.tobytes(), 1 << 60), "truncated: expected at least"),
        (module_bytes.entry(1, (4, 3), VECTORS.tobytes(), 3, shard=5), "data-00005-of-00001: cannot be read"),
        (
            module_bytes.entry(1, (4, 3), b"", 0, slices=string(7, b"")),
            "in 1 parts; only parts that are whole rows",
        ),
        (b"\x0a", "damaged: a number at byte"),
    ],
)
def test_a_hostile_entry_is_refused(tmp_path: Path, entry: bytes, message: str) -> None:
    write_module(tmp_path)
    (tmp_path / INDEX).write_bytes(module_bytes.table({b"": module_bytes.header(), b"embeddings": entry}))
    with pytest.raises(EmbeddingError, match=message):
        read(tmp_path)


def test_a_matrix_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    vectors = VECTORS.astype(np.float64)
    vectors[1, 1] = 1e300
    with pytest.raises(EmbeddingError, match="NaN, infinity or a number too large"):
        read(write_module(tmp_path, vectors=vectors))


def test_several_matrices_of_other_names_are_listed(tmp_path: Path) -> None:
    write_module(tmp_path)
    module_bytes.write_bundle(tmp_path / "variables", {"kernel": VECTORS, "other": VECTORS})
    with pytest.raises(EmbeddingError, match="expected a variable 'embeddings', or a single matrix, got kernel, other"):
        read(tmp_path)
