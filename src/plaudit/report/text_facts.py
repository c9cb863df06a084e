"""Words and texts of a report, as plain values: what weighs most, and the worst mistakes with their words marked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WordFacts:
    """A word, the sum of its shares in the logit of a class, and how often it occurs."""

    word: str
    total: float
    count: int


@dataclass(frozen=True)
class ClassWordsFacts:
    """The words that speak most for a class, in `n_texts` texts."""

    label: str
    n_texts: int
    words: tuple[WordFacts, ...]


@dataclass(frozen=True)
class MarkFacts:
    """A word of a text: its place, its share in the logit, and how strong that is beside the others, -3 to 3."""

    start: int
    end: int
    share: float
    level: int
    unseen: bool
    unread: bool


@dataclass(frozen=True)
class Mistake:
    """A wrong answer.

    Attributes:
        given: The label that the text has.
        predicted: What the model answered.
        explained: The class whose logit is shared out among the words.
        probability: The model's of `explained`.
        text: The text, or the passage of it that weighs most.
        is_cut: Whether the text goes on before the passage, and after it.
        marks: Its words; empty where the model cannot be explained.
        place: Where the text stands in what was read, like "reviews.csv:12"; None where that is not known.
    """

    given: str
    predicted: str
    explained: str
    probability: float
    text: str
    is_cut: tuple[bool, bool]
    marks: tuple[MarkFacts, ...]
    place: str | None = None


@dataclass(frozen=True)
class ExplainedFacts:
    """Why a model answers as it does, on its validation texts.

    Attributes:
        n: Validation texts.
        n_wrong: Those that were answered wrong.
        words: The words that weigh most, for each class.
        mistakes: The wrong answers that the model was surest of.
        n_words_of: How many of the texts `words` was counted in.
        notes: What else is to be known of them.
    """

    n: int
    n_wrong: int
    words: tuple[ClassWordsFacts, ...]
    mistakes: tuple[Mistake, ...]
    n_words_of: int
    notes: tuple[str, ...]
