"""What texts look like to a model, as numbers alone: `plaudit train` keeps this of the test texts.

Later texts are compared with it (`evaluation/drift`). No text can be read back from it: it holds quantiles and counts.
The answers are those without a decision rule, which may change after training.

The decision to question: test texts, not validation texts. A model that is trained again on the validation texts
answers later texts with more confidence than its predecessor answered those.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.dataset import as_text_column
from plaudit.errors import DataError, ModelError
from plaudit.models.artifact import opening
from plaudit.models.scope import USUAL_RATE
from plaudit.text.column import PART_TEXTS, sums_by_text
from plaudit.text.languages import function_words, guess_language
from plaudit.text.scripts import script_shares
from plaudit.text.token_memory import tokens_of
from plaudit.text.tokens import IN_WORDS, WordTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.models.base import Classifier

PROFILE = "profile.json"
WORDS, KNOWN, LIKENESS, GRAMMAR, CONFIDENCE = "words", "known_words", "likeness", "function_words", "confidence"
NUMBERS = (WORDS, KNOWN, LIKENESS, GRAMMAR, CONFIDENCE)
_MOST_QUANTILES = 1_001
_MOST_BYTES = 4 * 2**20


@dataclass(frozen=True, eq=False)
class Profile:
    """What N texts look like to a model.

    Attributes:
        n: N, 1 or more.
        language: ISO 639-1 code of the language that most of the texts are in; None where nothing tells.
        numbers: By name (`NUMBERS`) a number of each text, ascending, float64; of more than 1,001 texts so many
            quantiles. Shares are of a text's words; what a model does not know (`scope_`) is not there.
        answers: How many texts have each answer; of sets of labels, each label.
        unlike: How many texts are unlike the training texts at a false-alarm rate of 0.01; None where that is unknown.
    """

    n: int
    language: str | None
    numbers: Mapping[str, NDArray[np.float64]]
    answers: Mapping[str, int]
    unlike: int | None

    @classmethod
    def of(cls, model: Classifier, texts: object, logits: NDArray[np.floating] | None = None) -> Profile:
        """Return the profile of N texts.

        Args:
            model: A fitted classifier.
            texts: What `Classifier.logits` takes.
            logits: What it answers, [N, K], where that is known already.

        Raises:
            DataError: There are no texts.
        """
        gathered = Gathered(model)
        gathered.add(as_text_column(texts), logits)
        return gathered.profile()

    def write(self, folder: Path) -> None:
        """Write `PROFILE` into a folder."""
        said = {
            "n": self.n,
            "language": self.language,
            "numbers": {name: [float(f"{each:.6g}") for each in values] for name, values in self.numbers.items()},
            "answers": dict(self.answers),
            "unlike": self.unlike,
        }
        (folder / PROFILE).write_text(json.dumps(said, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Profile | None:
        """Return what `write` wrote; None where there is none, as of models that `plaudit train` did not make.

        Raises:
            ModelError: It is damaged.
        """
        path = folder / PROFILE
        if not path.exists():
            return None
        with opening(path):
            if not path.is_file() or path.stat().st_size > _MOST_BYTES:
                raise ModelError(f"{path}: not a profile that `plaudit train` wrote.")
            said = json.loads(path.read_text(encoding="utf-8"))
            numbers = {name: np.array(values, np.float64) for name, values in said["numbers"].items()}
            found = cls(said["n"], said["language"], numbers, said["answers"], said["unlike"])
            if not found._is_sound():
                raise ModelError(f"{path}: damaged: these are not the quantiles and counts of texts.")
        return found

    def _is_sound(self) -> bool:
        counts = [*self.answers.values(), *([] if self.unlike is None else [self.unlike])]
        return (
            type(self.n) is int
            and self.n > 0
            and (self.language is None or isinstance(self.language, str))
            and self.numbers.keys() <= set(NUMBERS)
            and all(
                values.ndim == 1 and 0 < len(values) <= self.n and bool((np.diff(values) >= 0).all())
                for values in self.numbers.values()
            )
            and all(type(each) is int and 0 <= each <= self.n for each in counts)
        )


class Gathered:
    """Texts that a profile is made of, added part by part; of a text only numbers are kept."""

    def __init__(self, model: Classifier, *, language: str | None = None) -> None:
        """Begin with none; `language` is the one whose function words are counted, None for that of the first texts."""
        self._model, self._language = model, language
        self._languages: Counter[str | None] = Counter()  # how many texts are in parts that look like each
        self._numbers: dict[str, list[NDArray[np.float64]]] = {}
        self._answers = np.zeros(len(model.classes_), np.int64)
        self._unlike = self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, texts: pa.LargeStringArray, logits: NDArray[np.floating] | None = None) -> NDArray[np.float64] | None:
        """Add N texts, and return how like the training texts each is, float64 [N]; None where that is unknown.

        Args:
            texts: They.
            logits: [N, K], where they are known already.
        """
        for at in range(0, len(texts), PART_TEXTS):
            part = texts.slice(at, PART_TEXTS)
            self._add(part, self._model.logits(part) if logits is None else logits[at : at + PART_TEXTS])
        n_parts = -(-len(texts) // PART_TEXTS)
        return np.concatenate([np.zeros(0), *self._numbers[LIKENESS][-n_parts:]]) if LIKENESS in self._numbers else None

    def profile(self) -> Profile:
        """Return the profile of all that was added.

        Raises:
            DataError: That is nothing.
        """
        if not self._n:
            raise DataError("there are no texts to look at.")
        names = map(str, self._model.classes_.tolist())
        return Profile(
            self._n,
            self._languages.most_common(1)[0][0],
            {name: _quantiles(np.concatenate(parts)) for name, parts in self._numbers.items()},
            dict(zip(names, self._answers.tolist(), strict=True)),
            None if self._model.scope_ is None else self._unlike,
        )

    def _add(self, texts: pa.LargeStringArray, logits: NDArray[np.floating]) -> None:
        from plaudit.training.losses import predicted, probabilities

        model, of_sets = self._model, self._model.multi_label_
        shares = probabilities(logits, multi_label=of_sets)
        chosen = predicted(logits, multi_label=of_sets)
        self._answers += chosen.sum(axis=0) if of_sets else np.bincount(chosen, minlength=len(self._answers))
        found = {CONFIDENCE: np.maximum(shares, 1 - shares).mean(axis=1) if of_sets else shares.max(axis=1)}
        found |= self._looked_at(texts)
        if model.scope_ is not None:
            found[LIKENESS], found[KNOWN], unlike = model.scope_.compare(texts, USUAL_RATE)
            self._unlike += int(unlike.sum())
        for name, values in found.items():
            self._numbers.setdefault(name, []).append(values)
        self._n += len(texts)

    def _looked_at(self, texts: pa.LargeStringArray) -> dict[str, NDArray[np.float64]]:
        """Return what the words of N texts tell of each, float64 [N], and take note of their language."""
        column = tokens_of(WordTokenizer(), texts)
        words, counts = column.dictionary, np.bincount(column.values, minlength=len(column.dictionary))
        is_word = pc.match_substring_regex(words, IN_WORDS).to_numpy(zero_copy_only=False)
        language = guess_language(words.filter(pa.array(is_word)), counts[is_word], script_shares(words, counts))
        self._languages[language] += len(texts)
        self._language = self._language or language
        n_words = sums_by_text(is_word.astype(np.float64)[column.values], column.offsets)
        found = {WORDS: n_words}
        if carriers := function_words(self._language):
            known = pc.is_in(words, value_set=pa.array(carriers, pa.large_string())).to_numpy(zero_copy_only=False)
            n_carriers = sums_by_text(known.astype(np.float64)[column.values], column.offsets)
            found[GRAMMAR] = n_carriers / np.maximum(n_words, 1)
        return found


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values in ascending order, of more than 1,001 so many of them, evenly spaced by rank."""
    ordered: NDArray[np.float64] = np.sort(values)
    if len(ordered) <= _MOST_QUANTILES:
        return ordered
    return ordered[np.round(np.linspace(0, len(ordered) - 1, _MOST_QUANTILES)).astype(np.int64)]
