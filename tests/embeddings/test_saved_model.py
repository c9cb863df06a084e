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


INDEX, DATA = Path("variables", "variables.index"), Path("variables", "variables.data-00000-of-00001")
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


def test_a_partitioned_variable_is_put_together_from_its_slices_in_several_files(tmp_path: Path) -> None:
    write_module(tmp_path)
    top, bottom = VECTORS[:3].tobytes(), VECTORS[3:].tobytes()
    one_slice = string(7, string(1, b""))
    key = b"\0embeddings\0\1"  # OrderedCode: 0, the name, an end; then the place, whose order is that of the bytes
    entries = {
        b"": module_bytes.header(2),
        b"embeddings": module_bytes.entry(1, (4, 3), b"", 0, slices=one_slice + one_slice),
        key + b"\x01\x02\x80\x83": module_bytes.entry(1, (3, 3), top, 0, shard=1),
        key + b"\x01\x02\x83\x81": module_bytes.entry(1, (1, 3), bottom, 0),
    }
    (tmp_path / INDEX).write_bytes(module_bytes.table(entries))
    for shard, content in enumerate((bottom, top)):
        (tmp_path / "variables" / f"variables.data-{shard:05d}-of-00002").write_bytes(content)
    assert read(tmp_path).vectors.tobytes() == VECTORS.tobytes()
    del entries[key + b"\x01\x02\x83\x81"]
    (tmp_path / INDEX).write_bytes(module_bytes.table(entries))
    with pytest.raises(EmbeddingError, match="embeddings is kept in 2 parts; only parts that are whole rows are read"):
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
