"""Our vectors against TensorFlow's own: modules exported and run with TensorFlow, read by us without it."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import tensorflow_modules
from numpy.typing import NDArray
from tensorflow_modules import NEEDS_TENSORFLOW, export_module, export_older_module

from plaudit.data import load_dataset
from plaudit.embeddings import EmbeddingTable, load_embedding
from plaudit.text import SpaceTokenizer
from plaudit.text.farmhash import fingerprint64

pytestmark = NEEDS_TENSORFLOW

EDGES = [
    "", " ", "  ", "good", " good", "good ", "good  film", "\tgood\tfilm", "good\nfilm", "\n", "Good GOOD good",
    "good!", "!", "?! ...", "«good» “film” 日本。", "🎬 good 🎬🎬", "good\u00a0film", "good\u3000film",
    "na\u0308ive naïve", "a\u200db", "zzzz qqqq", "zzzz" * 40, "x" * 1_000, "good " * 500, "a\0b good", "$5 + 5 = 10",
    "don't don’t", "\u0085 good",
]  # fmt: skip
CONFORMANCE = np.array([[1.11, 2.56, 3.45], [1, 2, 3], [0.5, 0.1, 0.6], [0, 0, 0]], np.float32)
PARAMETERS_ROWS = 963_812  # of nnlm-en-dim50


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def reviews() -> pa.LargeStringArray:
    """Real reviews where the data set is at hand, else the sample's."""
    if os.environ.get("PLAUDIT_IMDB"):
        return load_dataset("imdb", parts=("test",)).test.texts.slice(0, 5_000)  # type: ignore[union-attr]
    return load_dataset("sample", parts=("train",)).train.texts


@pytest.fixture(scope="module")
def half_the_words(reviews: pa.LargeStringArray) -> list[str]:
    """Every other distinct token of the reviews, as a vocabulary; the others are unknown."""
    words = SpaceTokenizer().tokenize(reviews).dictionary.to_pylist()
    return [word for word in words[::2] if word and "\r" not in word and "\n" not in word]


def vectors_of(n_rows: int, dimension: int, dtype: str = "float32") -> NDArray[Any]:
    return (np.random.default_rng(0).standard_normal((n_rows, dimension)) * 0.2).astype(dtype)


def run(module: Any, texts: pa.LargeStringArray) -> NDArray[np.float32]:
    """Embed with TensorFlow, a thousand texts at a time."""
    tf = tensorflow_modules.load("tensorflow")
    batches: Iterator[pa.LargeStringArray] = (texts.slice(i, 1_000) for i in range(0, len(texts), 1_000))
    return np.concatenate([module(tf.constant(batch.to_pylist())).numpy() for batch in batches])


def check_equal(table: EmbeddingTable, module: Any, texts: pa.LargeStringArray) -> None:
    """Hold the vectors of `texts` and of the edge cases equal.

    Equal means to 1e-6, or to 1e-6 of the largest number: both sides round sums of float32. On IMDB's 25,000 test
    reviews, numbers up to 2.5, TensorFlow's are up to 1.3e-6 from the sums in float64.
    """
    both = pa.concat_arrays([texts, pa.array(EDGES, pa.large_string())])
    found, expected = table.embed(both), run(module, both)
    assert found.shape == expected.shape
    difference = float(np.abs(found - expected).max())
    assert difference <= 1e-6 * max(1.0, float(np.abs(expected).max()))


def test_the_fingerprint_equals_tensorflows_on_random_bytes() -> None:
    tf = tensorflow_modules.load("tensorflow")
    source = random.Random(0)
    tokens = [source.randbytes(n) for n in range(300) for _ in range(20)]
    found = fingerprint64(pa.array(tokens, pa.large_binary())) % np.uint64((1 << 63) - 25)
    assert found.tolist() == tf.strings.to_hash_bucket_fast(tokens, (1 << 63) - 25).numpy().tolist()


@pytest.mark.parametrize("normalize", [True, False])
def test_conformance_values(tmp_path: Path, normalize: bool) -> None:
    hub = tensorflow_modules.load("tensorflow_hub")
    folder = export_module(tmp_path / "module", ["cat", "dog", "mouse"], CONFORMANCE, normalize=normalize)
    texts = pa.array(["cat", "cat cat", "lizard. dog", "cat? dog", ""], pa.large_string())
    table = load_embedding(folder)
    check_equal(table, hub.load(folder), texts)
    if normalize:
        expected = [[1.11, 2.56, 3.45], [1.57, 3.62, 4.88], [0.70, 1.41, 2.12], [1.49, 3.22, 4.56], [0.0, 0.0, 0.0]]
        np.testing.assert_allclose(table.embed(texts), expected, atol=0.01)


@pytest.mark.parametrize("older_split", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("n_buckets", [0, 1, 1_000])
def test_vectors_equal_the_modules(
    tmp_path: Path,
    reviews: pa.LargeStringArray,
    half_the_words: list[str],
    normalize: bool,
    older_split: bool,
    n_buckets: int,
) -> None:
    hub = tensorflow_modules.load("tensorflow_hub")
    vectors = vectors_of(len(half_the_words) + n_buckets, 16)
    folder = export_module(tmp_path / "module", half_the_words, vectors, normalize=normalize, older_split=older_split)
    table = load_embedding(folder)
    assert table.vectors.tobytes() == vectors.tobytes()
    assert table.tokenizer == SpaceTokenizer(delete_punctuation=normalize, keep_empty=not older_split)
    check_equal(table, hub.load(folder), reviews)


def test_what_the_public_exporter_writes_in_float64_is_read(tmp_path: Path, reviews: pa.LargeStringArray) -> None:
    hub = tensorflow_modules.load("tensorflow_hub")
    folder = export_module(tmp_path / "module", ["the", "film"], vectors_of(3, 5, "float64"), normalize=True)
    check_equal(load_embedding(folder), hub.load(folder), reviews.slice(0, 200))


def test_a_module_that_serves_no_signature_is_read(tmp_path: Path, reviews: pa.LargeStringArray) -> None:
    tf, hub = tensorflow_modules.load("tensorflow"), tensorflow_modules.load("tensorflow_hub")
    folder = export_module(tmp_path / "module", ["the", "film"], vectors_of(4, 5), normalize=True, signatures={})
    assert not tf.saved_model.load(folder).signatures
    check_equal(load_embedding(folder), hub.load(folder), reviews.slice(0, 200))


@pytest.mark.parametrize("n_parts", [1, 3])
def test_a_tensorflow_1_module_is_read_in_one_part_or_several(
    tmp_path: Path, reviews: pa.LargeStringArray, half_the_words: list[str], n_parts: int
) -> None:
    tf = tensorflow_modules.load("tensorflow")
    vectors = vectors_of(len(half_the_words) + 10, 8)
    export_older_module(tmp_path / "module", half_the_words, vectors, n_parts=n_parts)
    table = load_embedding(tmp_path / "module")
    assert table.vectors.tobytes() == vectors.tobytes()
    signature = tf.saved_model.load(str(tmp_path / "module")).signatures["serving_default"]
    check_equal(table, lambda texts: signature(texts)["default"], reviews.slice(0, 1_000))


@pytest.mark.slow
def test_a_module_of_the_tutorials_size_gives_its_vectors(
    tmp_path: Path, reviews: pa.LargeStringArray, half_the_words: list[str]
) -> None:
    """nnlm-en-dim50's shape: 963,812 rows of 50 numbers, 24,000 of them for unknown words."""
    hub = tensorflow_modules.load("tensorflow_hub")
    n_buckets = 24_000
    fillers = (f"filler{i}" for i in range(PARAMETERS_ROWS))
    vocabulary = [*half_the_words, *fillers][: PARAMETERS_ROWS - n_buckets]
    folder = export_module(tmp_path / "module", vocabulary, vectors_of(PARAMETERS_ROWS, 50), normalize=False)
    table = load_embedding(folder)
    assert table.vectors.shape == (PARAMETERS_ROWS, 50)
    again = load_embedding(folder)
    assert not again.vectors.flags.writeable  # the kept table, mapped
    check_equal(again, hub.load(folder), reviews)
    used = again.rows_of(SpaceTokenizer().tokenize(reviews).dictionary)
    n_used_buckets = pc.count_distinct(pa.array(used[used >= len(vocabulary)])).as_py()
    assert n_used_buckets > 1_000  # so that the hash was really put to the test
