"""What else one would take for the same task, each with the settings its makers or the literature give.

scikit-learn, fastText and model2vec come with `pip install 'plaudit[bench]'`; a peer that is not installed is left out.
"""

import os
import pickle
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from recipes_by_name import folder_size

from plaudit.data.fetch import cache_dir
from plaudit.embeddings.minilm_package import minilm_folder


class FastText:
    """fastText's own preparation of reviews (its tutorial's sed line), its C++ through its Python package."""

    def __init__(self, words: int, epochs: int, learning_rate: float = 0.5) -> None:
        import fasttext  # noqa: F401  # to miss it here

        self.settings = {"wordNgrams": words, "epoch": epochs, "lr": learning_rate, "verbose": 0}

    def fit(self, texts: Sequence[str], labels: Sequence[Any]) -> None:
        import fasttext

        self.labels = sorted(set(labels))
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "train.txt"
            lines = (f"__label__{self.labels.index(y)} {_spaced(x)}" for x, y in zip(texts, labels, strict=True))
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            self.model = fasttext.train_supervised(str(path), thread=os.cpu_count(), **self.settings)

    def predict(self, texts: Sequence[str]) -> Any:
        # `predict` of the package asks NumPy 2 for an array in the way of NumPy 1, and fails
        answers = [self.model.f.predict(_spaced(text) + "\n", 1, 0.0, "strict") for text in texts]
        return np.array([self.labels[int(each[0][1].removeprefix("__label__"))] if each else "" for each in answers])

    def size_bytes(self) -> int:
        with tempfile.TemporaryDirectory() as place:
            self.model.save_model(f"{place}/model.bin")
            return folder_size(Path(place))


def _spaced(text: str) -> str:
    return re.sub(r"([.!?,'/()])", r" \1 ", text.lower()).replace("\n", " ")


class WordsAndPairs:
    """TF-IDF of words and pairs, and logistic regression: the control that everybody has."""

    def __init__(self, seed: int = 0, min_texts: int = 1) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=min_texts)
        self.head: Any = LogisticRegression(C=10, max_iter=1000, random_state=seed)

    def fit(self, texts: Sequence[str], labels: Any) -> None:
        from sklearn.multiclass import OneVsRestClassifier

        if getattr(labels, "ndim", 1) == 2:  # sets of labels, as an indicator matrix
            self.head = OneVsRestClassifier(self.head)
        self.head.fit(self.vectorizer.fit_transform(texts), labels)

    def predict(self, texts: Sequence[str]) -> Any:
        return self.head.predict(self.vectorizer.transform(texts))

    def size_bytes(self) -> int:
        return len(pickle.dumps((self.vectorizer, self.head)))


class WordsAndCharacters(WordsAndPairs):
    """TF-IDF of words, pairs and characters within words, and a linear SVM: the strongest that is quick."""

    def __init__(self, seed: int = 0) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_union
        from sklearn.svm import LinearSVC

        self.vectorizer = make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        )
        self.head = LinearSVC(C=0.3, random_state=seed)


class NaiveBayesWeighted(WordsAndPairs):
    """Wang and Manning's (2012) log count ratios on TF-IDF of one to three words; two classes only."""

    def __init__(self, seed: int = 0) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.vectorizer = TfidfVectorizer(
            ngram_range=(1, 3), sublinear_tf=True, min_df=2, token_pattern=r"\b\w+\b|[!?]"
        )
        self.head = LogisticRegression(C=20, solver="liblinear", dual=True, max_iter=1000, random_state=seed)

    def fit(self, texts: Sequence[str], labels: Any) -> None:
        rows, is_yes = self.vectorizer.fit_transform(texts), np.asarray(labels) == max(labels)
        yes, no = (1 + np.asarray(rows[side].sum(axis=0)).ravel() for side in (is_yes, ~is_yes))
        self.ratio = np.log(yes / yes.sum()) - np.log(no / no.sum())
        self.head.fit(rows.multiply(self.ratio).tocsr(), labels)

    def predict(self, texts: Sequence[str]) -> Any:
        return self.head.predict(self.vectorizer.transform(texts).multiply(self.ratio).tocsr())

    def size_bytes(self) -> int:
        return len(pickle.dumps((self.vectorizer, self.head, self.ratio)))


class Model2Vec:
    """model2vec's classifier on token vectors distilled from the very encoder that our `minilm` comes from."""

    def __init__(self) -> None:
        from model2vec.train import StaticModelForClassification

        self.model = StaticModelForClassification.from_static_model(model=_static_model())

    def fit(self, texts: Sequence[str], labels: Sequence[Any]) -> None:
        self.model.fit(list(texts), list(labels))

    def predict(self, texts: Sequence[str]) -> Any:
        return self.model.predict(list(texts))

    def size_bytes(self) -> int:
        with tempfile.TemporaryDirectory() as place:
            self.model.to_pipeline().save_pretrained(place)
            return folder_size(Path(place))


@cache
def _static_model() -> Any:
    """Return the distilled vectors; the distillation, minutes long, is done once and kept."""
    from model2vec import StaticModel
    from model2vec.distill import distill

    folder = cache_dir() / "benchmarks" / "model2vec-minilm"
    if not folder.exists():
        encoder = minilm_folder(extra="minilm", purpose="The peer")
        distill(str(encoder), device="cpu").save_pretrained(str(folder))
    return StaticModel.from_pretrained(str(folder))


PEERS: dict[str, Callable[[int], Any]] = {
    "fastText, words, 5 epochs": lambda _: FastText(1, 5),
    "fastText, 1 to 3 words, 10 epochs": lambda _: FastText(3, 10),
    "TF-IDF (1,2) and logistic regression": lambda seed: WordsAndPairs(seed, min_texts=2),
    "TF-IDF of words and characters and linear SVM": WordsAndCharacters,
    "naive-Bayes-weighted TF-IDF (1,3)": NaiveBayesWeighted,
    "model2vec": lambda _: Model2Vec(),
}


def installed_peers() -> dict[str, Callable[[int], Any]]:
    """Return the peers whose packages are here, and say which are not."""
    found = {}
    for name, build in PEERS.items():
        try:
            build(0)
        except ImportError as error:
            print(f"{name}: left out ({error})")
        else:
            found[name] = build
    return found
