"""A run tokenizes each of its texts once by each tokenizer, and no bit depends on it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from plaudit.app.train.run import run_training
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.text import TokenColumn, WordTokenizer, token_memory

NETWORK = RunConfig(DataConfig(source="sample"), ModelConfig(embedding="random", hidden=(4,)), TrainingConfig(epochs=1))
NGRAMS = RunConfig(DataConfig(source="sample"), ModelConfig(recipe="ngram", n_max=1, regularisation=1.0))


@pytest.mark.parametrize("run", [NETWORK, NGRAMS], ids=["network", "ngram"])
def test_each_text_of_a_run_is_tokenized_once_by_each_tokenizer(
    run: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[tuple[WordTokenizer, str]] = Counter()
    tokenize = WordTokenizer.tokenize

    def counted(self: WordTokenizer, texts: pa.LargeStringArray) -> TokenColumn:
        asked.update((self, text) for text in texts.to_pylist() if " " in text)  # not the entries of a dictionary
        return tokenize(self, texts)

    monkeypatch.setattr(WordTokenizer, "tokenize", counted)
    first = run_training(run, tmp_path / "kept", say=lambda line: None)
    assert len({text for _, text in asked}) > 900  # all of the three parts
    assert set(asked.values()) == {1}
    monkeypatch.setattr(token_memory._Memory, "keep", lambda self, texts, derive: None)
    again = run_training(run, tmp_path / "forgotten", say=lambda line: None)
    assert max(asked.values()) > 2
    for name in ("weights.safetensors", "ngrams.safetensors"):
        if (tmp_path / "kept" / name).is_file():
            assert (tmp_path / "kept" / name).read_bytes() == (tmp_path / "forgotten" / name).read_bytes()
    texts = pa.array(["a warm film", "a dull one"], pa.large_string())
    assert np.array_equal(first.model.logits(texts), again.model.logits(texts))
    assert first.test.to_dict() == again.test.to_dict()
