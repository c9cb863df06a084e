"""Find the fewest words without which a model would answer otherwise.

The words that speak for the answer go first, the greatest share first; as many as are needed are taken away, and then
words are put back one after the other while the answer stays changed. Each step asks the model about the shortened
text, so what is found is true of the model, whatever the shares are worth; that it is the smallest set of all is not
said, only that none of its words can be spared.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plaudit.explanation.explanation import Explanation
    from plaudit.models import Classifier

MOST_WORDS = 64  # taken away at most: more than that explain nothing
_Search = Generator[list[list[int]], list[bool], list[int] | None]


@dataclass(frozen=True)
class Flip:
    """Words whose removal changes the answer.

    Attributes:
        words: Their numbers in the explanation, ascending.
        text: The text without them.
        predicted: What the model answers then.
    """

    words: tuple[int, ...]
    text: str
    predicted: Any  # Any: a label, or a tuple of them


def find_flips(model: Classifier, explanations: Sequence[Explanation]) -> list[Flip | None]:
    """Return for each explanation a set of words that cannot be made smaller and without which the answer changes.

    The answer is the label that is predicted, or, multi-label, whether the explained label is. Words with the greatest
    share in it are taken away, at most `MOST_WORDS`; None where that changes nothing.
    """
    searches = {number: _search(_order(found)) for number, found in enumerate(explanations)}
    asked = {number: next(search) for number, search in searches.items()}
    results: list[Flip | None] = [None] * len(explanations)
    while asked:
        texts = [without(explanations[number], words) for number, sets in asked.items() for words in sets]
        answers = model.predict(texts)
        predicted = model.label_sets(answers) if model.multi_label_ else answers.tolist()
        place, waiting = 0, {}
        for number, sets in asked.items():
            own = predicted[place : place + len(sets)]
            place += len(sets)
            try:
                waiting[number] = searches[number].send([_differs(explanations[number], answer) for answer in own])
            except StopIteration as end:
                if end.value is not None:
                    results[number] = _flip(explanations[number], end.value)
        asked = waiting
    return _answered(model, results)


def without(explanation: Explanation, words: Sequence[int]) -> str:
    """Return the text without some of its words, and with one space where two spaces or no space would be left."""
    text, kept, position = explanation.text, "", 0
    for word in sorted(words):
        start, end = int(explanation.starts[word]), int(explanation.ends[word])
        kept, position = _joined(kept, text[position:start], is_gap=position > 0), end
    return _joined(kept, text[position:], is_gap=position > 0).strip(" ") if words else text


def _joined(left: str, right: str, *, is_gap: bool) -> str:
    if not is_gap or not left or not right:
        return left + right
    if left.endswith(" ") and right.startswith(" "):
        return left + right[1:]
    return f"{left} {right}" if not (left[-1].isspace() or right[0].isspace()) else left + right


def _order(explanation: Explanation) -> list[int]:
    """Return the words that speak for the answer, the greatest share first."""
    return explanation.strongest(MOST_WORDS, sign=1 if explanation.is_given else -1)


def _search(order: list[int]) -> _Search:
    """Yield sets of words to take away, and be sent whether each changes the answer; return the set found, if any."""
    sizes = sorted({min(1 << power, len(order)) for power in range(MOST_WORDS.bit_length())} - {0})
    changes = yield [order[:size] for size in sizes]
    if True not in changes:
        return None
    place = changes.index(True)
    least, most = (sizes[place - 1] if place else 0), sizes[place]  # taking `least` away is too few, `most` enough
    while most - least > 1:
        middle = (least + most) // 2
        (is_enough,) = yield [order[:middle]]
        least, most = (least, middle) if is_enough else (middle, most)
    chosen = order[:most]
    tried: set[int] = set()
    while len(chosen) > 1 and (left := [word for word in reversed(chosen) if word not in tried]):
        rest = [word for word in chosen if word != left[0]]
        (can_stay,) = yield [rest]
        tried = set() if can_stay else tried | {left[0]}
        chosen = rest if can_stay else chosen
    return chosen


def _differs(explanation: Explanation, answer: object) -> bool:
    if isinstance(answer, tuple):
        return (explanation.label in answer) != explanation.is_given
    return bool(answer != explanation.predicted)


def _flip(explanation: Explanation, words: list[int]) -> Flip:
    return Flip(tuple(sorted(words)), without(explanation, words), None)


def _answered(model: Classifier, flips: list[Flip | None]) -> list[Flip | None]:
    """Return the flips with what the model answers to their texts."""
    found = [flip for flip in flips if flip is not None]
    if not found:
        return flips
    answers = model.predict([flip.text for flip in found])
    predicted = iter(model.label_sets(answers) if model.multi_label_ else answers.tolist())
    return [None if flip is None else Flip(flip.words, flip.text, next(predicted)) for flip in flips]
