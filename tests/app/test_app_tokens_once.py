"""A run tokenizes each of its texts once by each tokenizer, and no bit depends on it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from plaudit.app.train.run import run_training
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.models import Classifier
from plaudit.text import TokenColumn, WordTokenizer, token_memory
from plaudit.text.subwords import SubwordTokenizer
from plaudit.text.wordpiece import WordPieceTokenizer

NETWORK = RunConfig(DataConfig(source="sample"), ModelConfig(embedding="random", hidden=(4,)), TrainingConfig(epochs=1))
NGRAMS = RunConfig(DataConfig(source="sample"), ModelConfig(recipe="ngram", n_max=1, regularisation=1.0))
FROZEN = RunConfig(DataConfig(source="sample"), ModelConfig(recipe="encoder", trainable=False))  # trained twice
Tokenizer = WordTokenizer | WordPieceTokenizer | SubwordTokenizer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[Tokenizer, str]]:
    """How often each tokenizer is given each text, the entries of a dictionary not counted."""
    found: Counter[tuple[Tokenizer, str]] = Counter()

    def count(kind: type[Tokenizer]) -> None:
        tokenize = kind.tokenize

        def counted(self: Tokenizer, texts: pa.LargeStringArray) -> TokenColumn:
            found.update((self, text) for text in texts.to_pylist() if " " in text)
            return tokenize(self, texts)  # type: ignore[arg-type]

        monkeypatch.setattr(kind, "tokenize", counted)

    for kind in (WordTokenizer, WordPieceTokenizer, SubwordTokenizer):
        count(kind)
    return found


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a classifier is asked about each text."""
    found: Counter[str] = Counter()
    logits = Classifier.logits

    def counted(self: Classifier, texts: pa.LargeStringArray) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        found.update(texts.to_pylist())
        return logits(self, texts)

    monkeypatch.setattr(Classifier, "logits", counted)
    return found


@pytest.mark.parametrize("run", [NETWORK, NGRAMS], ids=["network", "ngram"])
def test_each_text_of_a_run_is_tokenized_and_answered_once(
    run: RunConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: Counter[tuple[Tokenizer, str]],
    answered: Counter[str],
) -> None:
    first = run_training(run, tmp_path / "kept", say=lambda line: None)
    assert len({text for _, text in asked}) > 900  # all of the three parts
    assert set(asked.values()) == set(answered.values()) == {1}
    monkeypatch.setattr(token_memory._Memory, "keep", lambda self, texts, derive: None)
    again = run_training(run, tmp_path / "forgotten", say=lambda line: None)
    assert max(asked.values()) > 2
    for name in ("weights.safetensors", "ngrams.safetensors"):
        if (tmp_path / "kept" / name).is_file():
            assert (tmp_path / "kept" / name).read_bytes() == (tmp_path / "forgotten" / name).read_bytes()
    texts = pa.array(["a warm film", "a dull one"], pa.large_string())
    assert np.array_equal(first.model.logits(texts), again.model.logits(texts))
    assert first.test.to_dict() == again.test.to_dict()


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
def test_an_encoders_tokenizer_reads_each_text_once_though_it_is_trained_twice(
    kind: str, tmp_path: Path, asked: Counter[tuple[Tokenizer, str]], answered: Counter[str]
) -> None:
    from encoders import make  # imports torch

    encoder = make(tmp_path / "encoder", kind)
    run = replace(FROZEN, model=replace(FROZEN.model, encoder=str(encoder), max_tokens=32))
    run_training(run, tmp_path / "model", say=lambda line: None)
    of_words = {tokenizer for tokenizer, _ in asked if isinstance(tokenizer, WordTokenizer)}
    assert len({tokenizer for tokenizer, _ in asked} - of_words) == 1
    assert set(asked.values()) == set(answered.values()) == {1}
