"""Weighted n-grams of words and characters, and a linear model: the most accuracy for a few seconds.

Wang and Manning (2012), "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification": each n-gram's entry
is its log count ratio between the texts of a class and the others; here times its inverse document frequency, in rows
of unit length, under a logistic loss, so that the answers are probabilities. Or the inverse document frequency alone,
under a squared hinge loss. Which of them, and how much characters count, is chosen by the texts (`ngram_choice`). Many
classes are each set against the rest; multi-label, each class is a question of its own.

Predicting is Arrow and NumPy alone; training needs numba (extra `train`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from plaudit.cores import on_all_cores
from plaudit.errors import ConfigError, DataError, ModelError
from plaudit.models.base import Classifier
from plaudit.models.ngram_files import (
    CHARACTER_FILES,
    FILES,
    read_characters,
    read_weights,
    write_characters,
    write_weights,
)
from plaudit.models.ngram_fitting import NgramWeights, as_answers, as_logits, count_blocks, fit_logits, score_rows
from plaudit.models.ngram_learning import Learned, learn, least_texts
from plaudit.models.ngram_settings import NgramSettings
from plaudit.models.targets import count_logits
from plaudit.models.training_data import Course, TrainingData
from plaudit.models.word_scores import WordScores
from plaudit.registry import check_setting
from plaudit.settings import NgramArguments
from plaudit.text import WordTokenizer
from plaudit.text.chunks import chunks
from plaudit.text.ngram_characters import CharacterVocabulary
from plaudit.text.ngrams import NgramVocabulary, distinct_tokens
from plaudit.text.token_memory import RUN_BYTES, RUN_TEXTS, tokens_of
from plaudit.training.soft_targets import spread_weights

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.models.ngram_choice import SettingsChoice
    from plaudit.text.column import TokenColumn

_LEAST_CHOSEN = 0.01  # a regularisation that `fit` may choose
_LARGEST_COST = 1e12  # of a text; with a million such, weights still fit into float32


@dataclass(frozen=True)
class NgramSummary:
    """What was built; `str` of it is a line or two.

    Attributes:
        sizes: Number of n-grams of 1, 2, … tokens.
        n_logits: Weights an n-gram has.
        n_characters: Number of n-grams of characters.
        choice: What `fit` chose, in words; empty where nothing was left open.
    """

    sizes: tuple[int, ...]
    n_logits: int
    n_characters: int = 0
    choice: str = ""

    def __str__(self) -> str:
        parts = ", ".join(f"{size:,} of {n}" for n, size in enumerate(self.sizes, start=1))
        each = "one weight each" if self.n_logits == 1 else f"{self.n_logits} weights each"
        characters = f" and {self.n_characters:,} of characters" if self.n_characters else ""
        plural = "s" if len(self.sizes) > 1 else ""
        built = f"N-grams: {sum(self.sizes):,} ({parts} token{plural}){characters}, {each}"
        return f"{built}\n{self.choice}" if self.choice else built


class NgramClassifier(NgramArguments, Classifier):
    """Which n-grams of words and characters a text has, weighted, and a linear model.

    Attributes:
        classes_: The labels, in the order of the probabilities.
        settings_: What it was trained with, nothing left open.
        choice_: How `fit` came to them; None where all were given, or it was loaded.
        vocabulary_: The n-grams of words.
        weights_: Their weights.
        characters_: The n-grams of characters; None where these do not count.
        character_weights_: Their weights; None likewise.
    """

    kind = "ngram"
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "numba")
    streams: ClassVar[bool] = True
    settings_: NgramSettings
    choice_: SettingsChoice | None = None
    vocabulary_: NgramVocabulary
    weights_: NgramWeights
    characters_: CharacterVocabulary | None = None
    character_weights_: NgramWeights | None = None

    def _fit(self, data: TrainingData, course: Course) -> None:
        self._fit_answers(data.texts, as_answers(data.targets), data.weights, multi_label=data.multi_label)

    def _fit_answers(
        self,
        texts: pa.LargeStringArray,
        answers: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        *,
        multi_label: bool,
    ) -> None:
        """Learn from answers that may be probabilities, as a teacher's are.

        Args:
            texts: N texts.
            answers: float64 [N, K], how sure each logit's answer is yes, 0 to 1.
            weights: float64 [N] or [N, K], or None for all 1.
            multi_label: Whether the K logits are questions of their own.
        """
        weight = spread_weights(weights, answers)
        least = _LEAST_CHOSEN if self.regularisation is None else self.regularisation
        if weight.max() > _LARGEST_COST * least:
            raise DataError(
                f"a text weighs {weight.max():g} and --regularisation is {least:g}: "
                f"expected at most {_LARGEST_COST:g} times as much."
            )
        choice = self._choose(texts, answers, weight, multi_label=multi_label)
        settings = choice.best.settings if choice else NgramSettings(**self._given())
        learned = learn(texts, settings, self.scratch)
        least_size = self._least_by_size(learned, settings, answers.shape[1])
        left_out = ""
        if least_size > settings.min_texts:
            settings = replace(settings, min_texts=least_size)
            learned = learn(texts, settings, self.scratch)
            left_out = f"n-grams in fewer than {least_size:,} texts were left out (--max-size {self.max_size:g})."
        if not len(learned.vocabulary):
            if settings.min_texts == 1:
                raise DataError(f"none of the {len(texts):,} training texts has a word; give others.")
            raise DataError(
                f"no word is in {settings.min_texts} of the {len(texts):,} training texts; "
                "give more texts, or --min-texts 1."
            )
        fitted = fit_logits(learned.features, answers, weight, settings, seed=self.seed, scratch=self.scratch)
        n_words = len(learned.vocabulary)
        if choice or not (self.choice_ and self.choice_.best.settings == settings):  # else given what it had chosen
            self.choice_ = choice
        self.settings_ = settings
        self.vocabulary_, self.characters_ = learned.vocabulary, learned.characters
        self.weights_ = fitted.part(slice(0, n_words))
        self.character_weights_ = None if learned.characters is None else fitted.part(slice(n_words, None))
        n_blocks = count_blocks(learned.features, self.scratch)
        in_blocks = (
            f"the solver visited the texts in {n_blocks} blocks, each in random order: the numbers differ a little "
            "from those of training in memory."
        )
        self.notes_ = tuple(filter(None, (left_out, in_blocks if n_blocks > 1 else "")))

    def _least_by_size(self, learned: Learned, settings: NgramSettings, n_logits: int) -> int:
        """Return in how many texts an n-gram must be for the model to stay within `max_size`; 0 without it.

        Raises:
            DataError: No n-gram would be left.
        """
        if self.max_size is None:
            return 0
        n_values = n_logits + (1 if settings.weighting == "tfidf" else n_logits)
        least = least_texts(learned, n_values, self.max_size * 1e6)
        if least is None:
            raise DataError(
                f"--max-size {self.max_size:g}: not even the most frequent n-grams of these texts fit; "
                f"each takes {4 * n_values + 8:,} bytes."
            )
        return least

    def _given(self) -> dict[str, Any]:
        """Return those of `NgramSettings` that are not left open."""
        settings = {field.name: getattr(self, field.name) for field in fields(NgramSettings)}
        return {name: value for name, value in settings.items() if value is not None}

    def _choose(
        self,
        texts: pa.LargeStringArray,
        answers: NDArray[np.float64],
        weight: NDArray[np.float64],
        *,
        multi_label: bool,
    ) -> SettingsChoice | None:
        """Choose what is left open; None where nothing is to be chosen."""
        if self.regularisation is not None:
            return None
        from plaudit.models.ngram_choice import choose  # which imports what only training needs

        return choose(texts, answers, weight, self._given(), multi_label=multi_label, seed=self.seed)

    def decided_params(self) -> dict[str, Any]:
        """Return the constructor's arguments with the settings that the last `fit` chose."""
        settings = self.get_params()
        return settings | {name: value for name, value in asdict(self.settings_).items() if name in settings}

    def _stored_params(self) -> dict[str, Any]:
        return self.decided_params()

    @classmethod
    def default_params(cls) -> dict[str, Any]:
        """Return the same with what `NgramSettings` says for those that the constructor leaves open."""
        defaults = super().default_params()
        return defaults | {name: value for name, value in asdict(NgramSettings()).items() if defaults[name] is None}

    def summary(self) -> NgramSummary:
        """Return the number of n-grams and weights, and what was chosen; print it to read it."""
        self._check_fitted()
        n_characters = 0 if self.characters_ is None else len(self.characters_)
        choice = "" if self.choice_ is None else str(self.choice_)
        return NgramSummary(tuple(self.vocabulary_.sizes()), len(self.weights_.biases), n_characters, choice)

    def write(self, folder: Path) -> None:
        """Write n-grams, weights and manifest into an existing folder."""
        self._check_fitted()
        write_weights(folder, self.vocabulary_, self.weights_)
        if self.characters_ is not None:
            assert self.character_weights_ is not None
            write_characters(folder, self.characters_, self.character_weights_)
        self._write_manifest(folder)

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> NgramClassifier:
        """Build the classifier from a folder whose manifest has been checked."""
        has_characters = manifest["parameters"].get("chars", False) is True
        model = cls._from_manifest(folder, manifest, (*FILES, *(CHARACTER_FILES if has_characters else ())))
        try:
            for name in ("n_max", "min_texts", "regularisation"):
                check_setting(name, getattr(model, name), called=name)
        except ConfigError as error:
            raise ModelError(f"{folder}: damaged: {error}") from error
        model.settings_ = settings = NgramSettings(**model._given())
        n_logits = count_logits(len(model.classes_), multi_label=model.multi_label_)
        n_scales = 1 if settings.weighting == "tfidf" else n_logits
        model.vocabulary_, model.weights_ = read_weights(folder, settings.n_max, n_logits, n_scales=n_scales)
        if has_characters:
            biases = model.weights_.biases
            model.characters_, model.character_weights_ = read_characters(folder, biases, n_scales=n_scales)
        return model

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        z = np.concatenate([self._scores(part) for part in chunks(texts, RUN_TEXTS, RUN_BYTES)])
        return as_logits(z, multi_label=self.multi_label_)

    def _scores(self, texts: pa.LargeStringArray) -> NDArray[np.float64]:
        """Return each logit's answer, float64 [N, K]."""
        column = tokens_of(WordTokenizer(), texts)
        numbers = self.vocabulary_.numbers(column.dictionary)
        by_word = self.word_scores(column.dictionary)

        def of_part(part: TokenColumn) -> NDArray[np.float64]:
            z = score_rows(self.vocabulary_.rows(part, numbers), self.weights_)
            return z if by_word is None else z + by_word.score(distinct_tokens(part))

        return np.concatenate(on_all_cores(of_part, column.parts()))

    def word_scores(self, words: pa.LargeStringArray) -> WordScores | None:
        """Return what the characters of V words bring to the texts that have them; None where they do not count."""
        if self.characters_ is None:
            return None
        assert self.character_weights_ is not None
        return WordScores.of(self.characters_.of_words(words), self.character_weights_)
