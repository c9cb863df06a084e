"""Adds a recipe (scikit-learn's TF-IDF and logistic regression), a reader, a metric, an embedding."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from safetensors.numpy import save
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from plaudit.data.readers.formats import Format
from plaudit.data.readers.lines import LineReader
from plaudit.data.readers.rows import Parsed
from plaudit.embeddings import EmbeddingTable
from plaudit.embeddings.registry import EmbeddingInfo, EmbeddingSource
from plaudit.errors import DataError
from plaudit.evaluation.named_metrics import Metric
from plaudit.models import Classifier
from plaudit.models.artifact import opening, read_tensors
from plaudit.registry import Range, Recipe
from plaudit.text import WordTokenizer


class TfidfClassifier(Classifier):
    """Words and pairs of words by TF-IDF, and logistic regression."""

    kind = "tfidf"
    packages = ("numpy", "scikit-learn", "plaudit-example")

    def __init__(self, *, C: float = 10.0, class_weight: Any = "none", seed: int = 0) -> None:
        self.C, self.class_weight, self.seed = C, class_weight, seed

    def _fit(self, data, course):
        if data.multi_label:
            raise DataError("--recipe tfidf: expected one label a text, got sets of labels.")
        self.vectorizer_ = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        head = LogisticRegression(C=self.C, max_iter=1_000, random_state=self.seed)
        head.fit(self.vectorizer_.fit_transform(data.texts.to_pylist()), data.codes, sample_weight=data.weights)
        self.weights_, self.biases_ = head.coef_.astype(np.float32), head.intercept_.astype(np.float32)

    def summary(self) -> str:
        return f"TF-IDF: {self.weights_.shape[1]:,} words and pairs of words"

    def _logits(self, texts):
        return (self.vectorizer_.transform(texts.to_pylist()) @ self.weights_.T + self.biases_).astype(np.float32)

    def write(self, folder: Path) -> None:
        arrays = {"weights": self.weights_, "biases": self.biases_, "idf": self.vectorizer_.idf_.astype(np.float32)}
        (folder / "weights.safetensors").write_bytes(save(arrays))
        (folder / "words.json").write_text(json.dumps(self.vectorizer_.get_feature_names_out().tolist()))
        self._write_manifest(folder)

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> "TfidfClassifier":
        model = cls._from_manifest(folder, manifest, ("weights.safetensors", "words.json"))
        with opening(folder / "words.json"):
            words = json.loads((folder / "words.json").read_text())
            model.vectorizer_ = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, vocabulary=words)
        n, n_logits = len(words), 1 if len(model.classes_) == 2 else len(model.classes_)
        shapes = {"weights": (n_logits, n), "biases": (n_logits,), "idf": (n,)}
        arrays = read_tensors(folder / "weights.safetensors", shapes)
        model.vectorizer_.idf_ = arrays["idf"]
        model.weights_, model.biases_ = arrays["weights"], arrays["biases"]
        return model


class VerdictReader(LineReader):
    """A label, a bar, a text: ``good | A joy.``, a row a line."""

    names = ("label", "text")
    schema = pa.schema([(name, pa.large_string()) for name in names])

    def _rows(self):
        for row in super()._rows():
            label, bar, text = (row.fields or [""])[0].partition("|")
            fault = None if bar else row.fault or "no bar between label and text."
            yield Parsed([label.strip(), text.strip()] if bar else None, row.place, row.size_bytes, fault)


def worst_recall(answers) -> float:
    """Return the least share of a class's texts that were given the class."""
    right = answers.labels == answers.predictions
    return min(right[answers.labels == c].mean() for c in np.unique(answers.labels))


def opinion(request) -> EmbeddingTable:
    """Return a number for each of four words, and none for all others."""
    words = pa.array(["awful", "bad", "good", "great"], pa.large_string())
    vectors = np.array([[-2], [-1], [1], [2], [0]], np.float32)  # the last row is that of unknown words
    return EmbeddingTable("opinion", WordTokenizer(), words, vectors)


RECIPE = Recipe("tfidf", "plaudit_example:TfidfClassifier", space={"C": Range(0.1, 100.0, log=True)}, quick_below=1_000)
VERDICTS = Format(VerdictReader, suffixes=(".verdict",))
WORST_RECALL = Metric("worst_recall", worst_recall, "the recall of the class that is found least")
OPINION = EmbeddingSource(
    claims=lambda name: name == "opinion",
    load=opinion,
    infos=lambda: (EmbeddingInfo("opinion", 1, 4, "ready", "four words of praise and blame", "plaudit-example"),),
)
