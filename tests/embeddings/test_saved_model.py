"""SavedModels whose bytes the tests write: the vectors, the variants of the format, and what is refused."""

import math
from pathlib import Path

import module_bytes
import numpy as np
import pyarrow as pa
import pytest
from module_bytes import VECTORS, VOCABULARY, constant, node, string, text_nodes, write_module

from plaudit.embeddings.saved_model import read_saved_model
from plaudit.embeddings.saved_model_graph import TextRules
from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import EmbeddingError


def read(folder: Path, documented: TextRules | None = None) -> EmbeddingTable:
    return read_saved_model(folder, name="module", provenance={"source": "a test"}, documented=documented)


def embed(table: EmbeddingTable, *texts: str) -> list[list[float]]:
    return [list(map(float, row)) for row in table.embed(pa.array(texts, pa.large_string()))]


def near(*rows: list[float]) -> list[object]:
    return [pytest.approx(row, abs=1e-6) for row in rows]


CAT, DOG, MOUSE, NOTHING = (row.tolist() for row in VECTORS)


def over_root(row: list[float], n: float) -> list[float]:
    return [number / math.sqrt(n) for number in row]


def test_a_normalizing_module_gives_the_conformance_values(tmp_path: Path) -> None:
    table = read(write_module(tmp_path, normalize=True))
    both = [a + b for a, b in zip(CAT, DOG, strict=True)]
    found: list[list[float]] = embed(table, "cat", "cat cat", "lizard. dog", "cat? dog", "")
    assert found == near(CAT, over_root(CAT, 1 / 2), over_root(DOG, 2), over_root(both, 2), NOTHING)
    rounded = [[1.11, 2.56, 3.45], [1.57, 3.62, 4.88], [0.70, 1.41, 2.12], [1.49, 3.22, 4.56], [0.0, 0.0, 0.0]]
    assert np.allclose(np.array(found), rounded, atol=0.01)  # as TF Hub's own test of its exporter has them


def test_a_plain_module_keeps_punctuation_and_the_empty_token_of_a_double_space(tmp_path: Path) -> None:
    table = read(write_module(tmp_path, normalize=False))
    found = embed(table, "cat? dog", "cat  dog", "cat ", "cat\tdog", "cat\ndog", "Cat", "🐈 mouse")
    both = [a + b for a, b in zip(CAT, DOG, strict=True)]
    expected = [
        over_root(DOG, 2),
        over_root(both, 3),
        over_root(CAT, 2),
        NOTHING,
        NOTHING,
        NOTHING,
        over_root(MOUSE, 2),
    ]
    assert found == near(*expected)


def test_a_module_of_the_older_operation_drops_empty_tokens(tmp_path: Path) -> None:
    table = read(write_module(tmp_path, nodes=text_nodes(normalize=False, split="StringSplit")))
    assert embed(table, "  cat  ", "", "  ") == near(CAT, NOTHING, NOTHING)
    assert table.tokenizer.settings() == {"delete_punctuation": False, "keep_empty": False}


def test_the_older_operation_may_be_told_to_keep_them(tmp_path: Path) -> None:
    nodes = text_nodes(normalize=False, split="StringSplit")
    nodes[1] = node("split", "StringSplit", ["s", "StringSplit/Const:output:0"], skip_empty=module_bytes.number(5, 0))
    assert embed(read(write_module(tmp_path, nodes=nodes)), "cat ") == near(over_root(CAT, 2))


def test_several_buckets_take_their_rows_after_the_vocabulary(tmp_path: Path) -> None:
    vectors = np.arange(24, dtype=np.float32).reshape(8, 3)
    table = read(write_module(tmp_path, vectors=vectors, normalize=False))
    assert table.n_buckets == 5
    # tf.strings.to_hash_bucket_fast(["lizard", "", "Cat"], 5) is [3, 3, 1] in TensorFlow 2.21
    assert embed(table, "lizard", "", "Cat") == near(*vectors[[6, 6, 4]].tolist())


def test_a_module_without_buckets_leaves_unknown_tokens_out(tmp_path: Path) -> None:
    table = read(write_module(tmp_path, vectors=VECTORS[:3], normalize=False))
    assert embed(table, "cat lizard", "lizard") == near(CAT, NOTHING)


def test_numbers_in_float64_are_rounded(tmp_path: Path) -> None:
    table = read(write_module(tmp_path, vectors=VECTORS.astype(np.float64)))
    assert table.vectors.dtype == np.float32
    assert table.vectors.tobytes() == VECTORS.tobytes()


@pytest.mark.parametrize("names", [("embeddings",), ("elsewhere/weights",), ("embeddings", "other")])
def test_the_matrix_is_found_by_its_name_or_as_the_only_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    write_module(tmp_path)
    matrices = dict(zip(names, (VECTORS, np.zeros((2, 2), np.float32)), strict=False))
    module_bytes.write_bundle(tmp_path / "variables", matrices)
    assert read(tmp_path).vectors.tobytes() == VECTORS.tobytes()


def test_a_matrix_in_numbered_parts_is_put_together_in_their_order(tmp_path: Path) -> None:
    vectors = np.arange(36, dtype=np.float32).reshape(12, 3)
    write_module(tmp_path, vectors=vectors)
    suffix = "/.ATTRIBUTES/VARIABLE_VALUE"
    parts = {f"embeddings/part_{i}{suffix}": vectors[i : i + 1] for i in range(12)}
    module_bytes.write_bundle(tmp_path / "variables", parts)
    assert read(tmp_path).vectors.tobytes() == vectors.tobytes()
    del parts[f"embeddings/part_3{suffix}"]
    module_bytes.write_bundle(tmp_path / "variables", parts)
    with pytest.raises(EmbeddingError, match="embeddings lacks one of its parts"):
        read(tmp_path)


def test_snappy_blocks_are_read(tmp_path: Path) -> None:
    write_module(tmp_path)
    module_bytes.write_bundle(tmp_path / "variables", {"embeddings": VECTORS}, snappy=True)
    assert read(tmp_path).vectors.tobytes() == VECTORS.tobytes()


def test_any_name_of_the_only_asset_will_do_and_tokens_txt_among_several(tmp_path: Path) -> None:
    write_module(tmp_path)
    (tmp_path / "assets" / "notes.txt").write_text("notes")
    assert read(tmp_path).vocabulary.to_pylist() == list(VOCABULARY)
    (tmp_path / "assets" / "notes.txt").unlink()
    (tmp_path / "assets" / "tokens.txt").rename(tmp_path / "assets" / "vocab")
    assert read(tmp_path).vocabulary.to_pylist() == list(VOCABULARY)


def test_vocabulary_lines_are_read_as_tensorflow_reads_them(tmp_path: Path) -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    write_module(tmp_path, vectors=vectors, normalize=False, nodes=text_nodes(normalize=False, n_buckets=1))
    (tmp_path / "assets" / "tokens.txt").write_bytes(b"ca\rt\r\n\xff\nmouse")  # no end of line at the end
    table = read(tmp_path)
    assert table.vocabulary.to_pylist() == ["cat", "mouse"]  # a text cannot hold the second line
    assert embed(table, "cat", "mouse", "dog") == near(*vectors[[0, 2, 3]].tolist())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cat\n\nmouse\n", r"tokens\.txt:2: an empty line"),
        (b"", r"tokens\.txt:1: an empty line"),
        (b"cat\ncat\ndog\n", "1 tokens come more than once"),
        (b"cat\ndog\n", "2 tokens and 1 rows for unknown ones do not make the 4 rows"),
    ],
)
def test_a_vocabulary_that_cannot_be_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    write_module(tmp_path)
    (tmp_path / "assets" / "tokens.txt").write_bytes(content)
    with pytest.raises(EmbeddingError, match=message):
        read(tmp_path)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "its graph splits no text"),
        (text_nodes(normalize=False)[:3], "combines vectors in 0 ways"),
        ([*text_nodes(normalize=False), node("low", "StringLower", ["s"])], "its graph has the operation StringLower"),
        (text_nodes(normalize=False, separator=""), "it splits at b''"),
        (text_nodes(normalize=True, pattern="[0-9]"), r"it replaces b'\[0-9\]' by b''"),
        (text_nodes(normalize=False)[1:], "'StringSplit/Const' of StringSplitV2 is computed"),
        (
            [*text_nodes(normalize=False), node("h", "StringToHashBucketFast", num_buckets=module_bytes.number(3, 9))],
            "different numbers of buckets",
        ),
    ],
)
def test_a_graph_that_does_something_else_is_refused(tmp_path: Path, nodes: list[bytes], message: str) -> None:
    write_module(tmp_path, nodes=nodes)
    with pytest.raises(EmbeddingError, match=rf"saved_model\.pb: not a text embedding.*\(.*{message}\)"):
        read(tmp_path)


def test_documentation_helps_where_the_graph_is_silent_but_never_against_it(tmp_path: Path) -> None:
    documented = TextRules(delete_punctuation=True, keep_empty=True, combiner="sqrtn", n_buckets=None)
    table = read(write_module(tmp_path / "silent", nodes=[node("opaque", "CustomSplit")]), documented)
    assert embed(table, "cat. lizard", "lizard") == near(over_root(CAT, 2), NOTHING)
    plain = read(write_module(tmp_path / "plain", normalize=False), documented)
    assert not plain.tokenizer.settings()["delete_punctuation"]
    write_module(tmp_path / "other", nodes=text_nodes(normalize=False, separator=","))
    with pytest.raises(EmbeddingError, match="it splits at b','"):
        read(tmp_path / "other", documented)


def test_the_older_regular_expression_operation_is_read_through_its_constants(tmp_path: Path) -> None:
    nodes = [
        *text_nodes(normalize=False),
        constant("pattern", r"\pP"),
        constant("rewrite", ""),
        node("same", "Identity", ["rewrite"]),
        node("clean", "RegexReplace", ["s", "pattern:output:0", "same"]),
    ]
    assert read(write_module(tmp_path, nodes=nodes)).tokenizer.settings()["delete_punctuation"]


def damage(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


INDEX, DATA = Path("variables", "variables.index"), Path("variables", "variables.data-00000-of-00001")


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
