"""The words of a text as it was written, and which of a tokenizer's tokens came from which of them.

Tokenizers give dictionary entries without places; whoever explains an answer needs the places. A word here is a run of
letters, digits and apostrophes, a run of marks, or one letter of a script without spaces, with its first and last
character. Each entry of the space-separated column is divided once, and the tokens of its pieces are held against the
tokens of the whole entry: where they differ (a tokenizer that keeps "great!" together, a control character that
BERT's deletes), the entry stays one word. So tokens are never put where they did not come from, whatever the tokenizer.

The decision to question: a token that came from several words (a pair of ideographs, a sub-word with a space inside)
belongs to all of them alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.text.column import TokenColumn, encode, expand, list_offsets
from plaudit.text.scripts import UNSPACED
from plaudit.text.subwords import SubwordTokenizer
from plaudit.text.tokens import (
    BLANK,
    WITHIN_WORDS,
    SpaceTokenizer,
    Tokenizer,
    WordTokenizer,
    filled_or_first,
    split_on_spaces,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The entries hold no space, so a space can mark where they are divided. White space of other kinds, and control
# characters, are pieces of their own: no mark belongs to them.
_BLANK = rf"([{BLANK}]+)"
# Apostrophes, also the typographic one, and what is invisible within a word divide nothing.
_MARKS = rf"((?:[^\pL\pM\pN_'\x{{2019}}\p{{Cf}}\x{{FE00}}-\x{{FE0F}}\p{{Cc}}\pZ]{WITHIN_WORDS}*)+)"


@dataclass(frozen=True)
class Words:
    """N texts as words with their places.

    Attributes:
        dictionary: Arrow ``large_string`` [V], distinct words as they were written.
        offsets: int64 [N + 1]; text i owns the words ``offsets[i]`` to ``offsets[i + 1]``.
        values: int32 [W], positions in `dictionary`, in the order of the text; white space is a word too where it is
            more than single spaces, and what is between two spaces that follow each other is an empty one.
        starts: int64 [W], each word's first character in its text.
        ends: int64 [W], the character after its last.
    """

    dictionary: pa.LargeStringArray
    offsets: NDArray[np.int64]
    values: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def is_blank(self) -> NDArray[np.bool_]:
        """Say of each word whether it is empty or white space, bool [W]."""
        blank = pc.equal(pc.replace_substring_regex(self.dictionary, _BLANK, ""), "")
        result: NDArray[np.bool_] = blank.to_numpy(zero_copy_only=False)[self.values]
        return result


@dataclass(frozen=True)
class WordTokens:
    """The tokens of N texts, exactly as their tokenizer gives them, and the words that they came from.

    Attributes:
        column: N texts as T tokens; of a `SubwordTokenizer` the values are ids.
        first: int64 [T], the number of a token's first word among all W.
        last: int64 [T], that of its last word, mostly the same.
    """

    column: TokenColumn
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def by_word(self, values: NDArray[np.floating], n_words: int) -> NDArray[np.float64]:
        """Return the sum of the tokens' values ([T]) over each word, float64 [W]; words of one token share alike."""
        spread = self.last - self.first + 1
        numbers = np.arange(int(spread.sum())) - np.repeat(np.cumsum(spread) - spread, spread)
        words = np.repeat(self.first, spread) + numbers
        shares = np.repeat(values / spread, spread).astype(np.float64)
        return np.bincount(words, shares, minlength=n_words).astype(np.float64, copy=False)


@dataclass(frozen=True)
class _EntryTokens:
    """The tokens of V entries and the pieces of their entry that each came from.

    Attributes:
        column: V entries as tokens.
        first: int64 [T], the number within its entry of the piece that a token begins in.
        last: int64 [T], of the one that it ends in.
        fits: bool [V], whether an entry's tokens are those of its pieces; where not, `first` and `last` mean nothing.
    """

    column: TokenColumn
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    fits: NDArray[np.bool_]


def align(texts: pa.LargeStringArray, tokenizers: list[Tokenizer | SubwordTokenizer]) -> tuple[Words, list[WordTokens]]:
    """Divide N texts into words that none of `tokenizers` sees differently, and say which tokens came from which."""
    outer = split_on_spaces(texts)
    pieces = _divide(outer.dictionary)
    alone = [inner for tokenizer in tokenizers if (inner := _within_spaces(tokenizer)) is not None]
    by_entry = [_by_entry(tokenizer, outer, pieces) for tokenizer in alone]
    is_divided = np.logical_and.reduce([entry.fits for entry in by_entry], axis=0) & (pieces.lengths() > 0)
    is_divided = np.broadcast_to(is_divided, len(outer.dictionary))
    words, first_words = _words(outer, pieces, is_divided)
    entries = iter(by_entry)
    found: list[WordTokens] = []
    for tokenizer in tokenizers:
        if _within_spaces(tokenizer) is None:
            assert isinstance(tokenizer, SubwordTokenizer)
            found.append(_by_place(tokenizer, texts, words))
            continue
        found.append(_gathered(next(entries), outer, is_divided, first_words, tokenizer))
    return words, found


def _within_spaces(tokenizer: Tokenizer | SubwordTokenizer) -> Tokenizer | None:
    """Return the tokenizer that treats each space-separated entry alone, None if it looks across spaces."""
    return tokenizer.by_piece if isinstance(tokenizer, SubwordTokenizer) else tokenizer


def _divide(entries: pa.LargeStringArray) -> TokenColumn:
    """Divide each of V entries without spaces into pieces, all of it and in order."""
    spaced = pc.replace_substring_regex(entries, _BLANK, r" \1 ")
    if not pc.all(pc.string_is_ascii(spaced)).as_py():
        spaced = pc.replace_substring_regex(spaced, UNSPACED, r" \1 ")
    spaced = pc.replace_substring_regex(spaced, _MARKS, r" \1 ")
    lists = pc.split_pattern(spaced, " ")
    column = encode(lists.flatten(), list_offsets(lists))
    filled = ~pc.equal(column.dictionary, "").to_numpy(zero_copy_only=False)[column.values]
    offsets = np.concatenate([[0], np.cumsum(filled)])[column.offsets]
    return TokenColumn(column.dictionary, offsets, column.values[filled])


def _by_entry(tokenizer: Tokenizer, outer: TokenColumn, pieces: TokenColumn) -> _EntryTokens:
    has_pairs = isinstance(tokenizer, WordTokenizer) and tokenizer.unspaced == "pairs"
    if has_pairs:
        whole = tokenizer.tokenize(outer.dictionary)
        parts = replace(tokenizer, unspaced="characters").tokenize(pieces.dictionary)  # type: ignore[type-var]
    else:  # at once: what entries and pieces have in common is read once
        both = tokenizer.tokenize(pa.concat_arrays([outer.dictionary, pieces.dictionary]))
        n_entries = len(outer.dictionary)
        whole = TokenColumn(both.dictionary, both.offsets[: n_entries + 1], both.values[: both.offsets[n_entries]])
        offsets = both.offsets[n_entries:] - both.offsets[n_entries]
        parts = TokenColumn(both.dictionary, offsets, both.values[both.offsets[n_entries] :])
    joined = expand(pieces, parts)
    is_pair = np.zeros(len(whole.values), bool)
    if has_pairs:  # a token of two such letters is a pair of neighbours, behind the first of them
        of_entry = pc.match_substring_regex(whole.dictionary, f"^{UNSPACED}{UNSPACED}$")
        is_pair = of_entry.to_numpy(zero_copy_only=False)[whole.values]
    n_before = np.concatenate([[0], np.cumsum(~is_pair)])
    singles = TokenColumn(whole.dictionary, n_before[whole.offsets], whole.values[~is_pair])
    fits = _same(singles, joined)
    number = np.arange(len(pieces.values)) - np.repeat(pieces.offsets[:-1], pieces.lengths())
    piece_of = np.append(np.repeat(number, parts.lengths()[pieces.values]), 0)
    owners = np.repeat(np.arange(len(whole)), whole.lengths())
    place = n_before[:-1] - singles.offsets[owners] + joined.offsets[owners]
    first, last = (np.where(fits[owners], at, 0) for at in (place - is_pair, place))
    return _EntryTokens(whole, piece_of[first], piece_of[last], fits)


def _same(left: TokenColumn, right: TokenColumn) -> NDArray[np.bool_]:
    """Say of each of V lists of tokens whether it is the same in both columns."""
    same: NDArray[np.bool_] = left.lengths() == right.lengths()
    codes = np.arange(len(left.dictionary))
    if left.dictionary is not right.dictionary:
        found = pc.index_in(left.dictionary, value_set=right.dictionary)
        codes = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
    kept = np.repeat(same, left.lengths())
    differs = codes[left.values[kept]] != right.values[np.repeat(same, right.lengths())]
    same[np.repeat(np.arange(len(left)), left.lengths())[kept][differs]] = False
    return same


def _words(outer: TokenColumn, pieces: TokenColumn, is_divided: NDArray[np.bool_]) -> tuple[Words, NDArray[np.int64]]:
    """Return the words, and for each entry in the texts the number of its first one."""
    n_entries, n_pieces = len(outer.dictionary), len(pieces.values)
    # each entry twice: as its pieces, and as itself
    both = TokenColumn(
        pa.concat_arrays([pieces.dictionary, outer.dictionary]),
        np.concatenate([pieces.offsets, n_pieces + np.arange(1, n_entries + 1)]),
        np.concatenate([pieces.values, len(pieces.dictionary) + np.arange(n_entries)]).astype(np.int32),
    )
    chosen = outer.values + np.where(is_divided, 0, n_entries)[outer.values]
    taken = expand(TokenColumn(outer.dictionary, outer.offsets, chosen.astype(np.int32)), _places(both))
    sizes = pc.utf8_length(both.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    before = _running(sizes[both.values], both.offsets)
    entry_sizes = pc.utf8_length(outer.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    entry_starts = _running(entry_sizes[outer.values] + 1, outer.offsets)
    n_words = both.lengths()[chosen]
    values = both.values[taken.values]
    starts = np.repeat(entry_starts, n_words) + before[taken.values]
    words = Words(both.dictionary, taken.offsets, values, starts, starts + sizes[values])
    return words, np.cumsum(n_words) - n_words


def _running(sizes: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each element the sum of those before it in its list, int64."""
    total = np.concatenate([[0], np.cumsum(sizes)])
    result: NDArray[np.int64] = total[:-1] - np.repeat(total[offsets[:-1]], np.diff(offsets))
    return result


def _places(column: TokenColumn) -> TokenColumn:
    """Return the column with each value replaced by its place, so that `expand` says what it gathers."""
    return TokenColumn(column.dictionary, column.offsets, np.arange(len(column.values), dtype=np.int32))


def _gathered(
    entry: _EntryTokens,
    outer: TokenColumn,
    is_divided: NDArray[np.bool_],
    first_words: NDArray[np.int64],
    tokenizer: Tokenizer | SubwordTokenizer,
) -> WordTokens:
    taken = expand(outer, _places(entry.column))
    n_tokens = entry.column.lengths()[outer.values]
    divided = np.repeat(is_divided[outer.values], n_tokens)
    base = np.repeat(first_words, n_tokens)
    first, last = (base + np.where(divided, at[taken.values], 0) for at in (entry.first, entry.last))
    column = TokenColumn(entry.column.dictionary, taken.offsets, entry.column.values[taken.values])
    if isinstance(tokenizer, SpaceTokenizer) and not tokenizer.keep_empty:
        kept = filled_or_first(column)
        offsets = np.concatenate([[0], np.cumsum(kept)])[column.offsets]
        return WordTokens(TokenColumn(column.dictionary, offsets, column.values[kept]), first[kept], last[kept])
    return WordTokens(column, first, last)


def _by_place(tokenizer: SubwordTokenizer, texts: pa.LargeStringArray, words: Words) -> WordTokens:
    """Find each token's words by its characters; one from white space alone belongs to the word after it."""
    spans = tokenizer.spans(texts)
    owners = np.repeat(np.arange(len(words)), np.diff(spans.ids.offsets))
    blank = words.is_blank()
    # a text of white space alone has its first word for all
    alone = np.bincount(np.repeat(np.arange(len(words)), np.diff(words.offsets)), ~blank, minlength=len(words)) == 0
    takes = ~blank
    takes[words.offsets[:-1][alone]] = True
    numbers = np.flatnonzero(takes)
    word_owner = np.repeat(np.arange(len(words)), np.diff(words.offsets))[numbers]
    stride = int(max(words.ends.max(initial=0), spans.ends.max(initial=0))) + 2  # no two texts' places mix
    starts, ends = words.starts[numbers] + word_owner * stride, words.ends[numbers] + word_owner * stride
    least, most = np.searchsorted(word_owner, owners), np.searchsorted(word_owner, owners, "right") - 1
    first = np.searchsorted(ends, spans.starts + owners * stride, "right")  # the first word that ends past its start
    last = np.searchsorted(starts, spans.ends + owners * stride) - 1  # the last word that starts before its end
    first = np.clip(first, least, most)
    last = np.clip(last, first, most)
    column = TokenColumn(pa.array([], pa.large_string()), spans.ids.offsets, spans.ids.values)
    return WordTokens(column, numbers[first], numbers[last])
