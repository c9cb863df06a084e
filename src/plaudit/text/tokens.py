"""Text as a column: a collection of texts becomes a dictionary of distinct tokens and positions in it.

IMDB's training half holds 5.8 million space-separated tokens but only 281,000 different ones, so every
tokenizer here works on the dictionary of the space-separated column and the result is gathered back: a token
is processed once.

A tokenizer may do this only if it never looks across a space. The three here do not: `SpaceTokenizer` and
`WordTokenizer` by construction; BERT's WordPiece because it splits at white space and punctuation before
anything else, and its normaliser (delete control characters, decompose, strip marks, lower-case) maps each
character alone. Splitting at the space character only, and leaving every other kind of white space to the
tokenizer itself, is what keeps the ids equal: Arrow's white space is not BERT's (BERT deletes U+0085, Arrow
splits there).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.cores import on_all_cores
from plaudit.text.column import PART_TEXTS, TokenColumn, concatenate, encode, expand, list_offsets
from plaudit.text.scripts import UNSPACED
from plaudit.text.splitting import Rule, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PART_WORDS = 32_768  # distinct words that a core takes at a time


@runtime_checkable
class Tokenizer(Protocol):
    """What turns texts into tokens. Its `kind` and `settings` are enough to build it again."""

    @property
    def kind(self) -> str:
        """The name under which a model folder stores it."""
        ...

    @property
    def unknown_token(self) -> str | None:
        """The token that stands for whatever the tokenizer cannot split into its own; None if there is none."""
        ...

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Split `texts` (N, no nulls); a text may yield no token at all."""
        ...

    def settings(self) -> dict[str, str | bool]:
        """Return what the constructor needs, as JSON values."""
        ...


def split_on_spaces(texts: pa.LargeStringArray) -> TokenColumn:
    """Split at every single space, keeping empty tokens.

    An empty text is the one token "", and a double space has an empty token between: TF Hub's rule for the
    nnlm modules (https://www.tensorflow.org/hub/common_saved_model_apis/text).
    """
    if (column := split(texts, Rule.SPACES)) is not None:
        return column

    def of_part(part: pa.LargeStringArray) -> TokenColumn:
        lists = pc.split_pattern(part, " ")
        return encode(lists.flatten(), list_offsets(lists))

    return concatenate(on_all_cores(of_part, _slices(texts, PART_TEXTS)))


def _slices(strings: pa.LargeStringArray, size: int) -> list[pa.LargeStringArray]:
    return [strings.slice(start, size) for start in range(0, max(len(strings), 1), size)]


@dataclass(frozen=True)
class SpaceTokenizer:
    """TF Hub's tokenizer for the nnlm modules: split at single spaces, nothing else.

    Attributes:
        delete_punctuation: First delete every character of Unicode's category P, as the "-with-normalization"
            modules do. A token that was all punctuation stays as an empty token.
        keep_empty: Whether empty tokens count. Modules exported with TensorFlow 1's `tf.string_split` drop them, and
            give a text that has no other the one token "".
    """

    delete_punctuation: bool = False
    keep_empty: bool = True
    kind = "space"
    unknown_token = None

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Split `texts` at single spaces."""
        column = split_on_spaces(texts)
        if self.delete_punctuation:
            cleaned = pc.replace_substring_regex(column.dictionary, r"\pP", "")
            column = expand(column, encode(cleaned, np.arange(len(cleaned) + 1)))
        return column if self.keep_empty else _with_one_at_least(column)

    def settings(self) -> dict[str, str | bool]:
        """Return the constructor's arguments."""
        return {"delete_punctuation": self.delete_punctuation, "keep_empty": self.keep_empty}


# Invisible characters that belong to the word around them: soft hyphens, zero-width joiners, and the
# variation selectors that ask for an emoji's coloured form. Unicode's category Cf; the block Variation
# Selectors.
WITHIN_WORDS = r"[\p{Cf}\x{FE00}-\x{FE0F}]"
BLANK = r"\p{Cc}\pZ"  # within a class: control characters, and white space of every kind
NOT_IN_WORDS = r"([^\pL\pM\pN_'])"
EDGE_APOSTROPHES = r"(^'+|'+$)"
# The Penn Treebank's clitics, as its tokenizer splits them
# (https://catalog.ldc.upenn.edu/docs/LDC95T7/cl93.html).
IN_WORDS = r"[\pL\pM\pN_]"
CLITICS = rf"(?i)^(.*{IN_WORDS})(n't|'s|'m|'d|'re|'ve|'ll)$"
Unspaced = Literal["characters", "pairs", "words"]


@dataclass(frozen=True)
class WordTokenizer:
    """Words and punctuation marks, each a token: ``"Don't go!"`` is ``don't``, ``go``, ``!``.

    A word is a run of letters, marks, digits, underscores and inner apostrophes. Apostrophes at a word's edge
    are a token, a run of them one; every other visible character is a token of its own. White space and
    control characters separate and are no token. Invisible format characters (soft hyphen, zero-width joiner)
    and variation selectors are deleted, so that they neither split a word nor make two spellings of it.

    A script written without spaces (`scripts.UNSPACED_SCRIPTS`: Han, kana, Thai, Lao, Khmer, Burmese …) has no such
    runs: each of its letters, with the marks on it, is a token, whatever stands beside it: ``iPhone手机`` is
    ``iphone``, ``手``, ``机``. Hangul has spaces and Tibetan marks its syllables, so both split as every other script.

    Attributes:
        lower_case: Map to lower case first (Unicode's simple mapping, character by character).
        split_clitics: Split ``don't`` into ``do``, ``n't`` and ``film's`` into ``film``, ``'s``, as GloVe's
            vocabularies expect.
        unspaced: What scripts written without spaces yield: "characters"; "pairs", for what does not form n-grams
            itself: each character, and after it the pair that it makes with the next one; or "words", for
            vocabularies of whole words: runs as in other scripts, a sentence one token.
    """

    lower_case: bool = True
    split_clitics: bool = False
    unspaced: Unspaced = "characters"
    kind = "word"
    unknown_token = None

    def tokenize(self, texts: pa.LargeStringArray) -> TokenColumn:
        """Split `texts` into words and marks; an empty or blank text yields no token."""
        if (words := self._by_kernels(texts)) is not None:
            return words
        column = split_on_spaces(texts)
        pieces = on_all_cores(self._pieces, _slices(column.dictionary, _PART_WORDS))
        return expand(column, concatenate(pieces))

    def _by_kernels(self, texts: pa.LargeStringArray) -> TokenColumn | None:
        """Split texts by the kernels, and by Arrow what these leave: entries that are not ASCII, and clitics.

        None without kernels, and where pairs are asked for: their dictionary is not in the order of the texts.
        """
        column = split(texts, Rule.WORDS_LOWER if self.lower_case else Rule.WORDS)
        if column is None:
            return None
        words = column.dictionary
        is_left = np.flatnonzero(~pc.string_is_ascii(words).to_numpy(zero_copy_only=False))
        if not len(is_left) and not self.split_clitics:
            return column
        left = words.take(pa.array(is_left))
        if self.unspaced == "pairs" and has_unspaced(left):
            return None
        if self.split_clitics:
            inner = _respaced(words, CLITICS, r"\1 \2")
        else:
            inner = TokenColumn(words, np.arange(len(words) + 1), np.arange(len(words), dtype=np.int32))
        if len(is_left):
            pieces = on_all_cores(self._pieces, _slices(left, _PART_WORDS))
            inner = _replaced(inner, is_left, concatenate(pieces))
        return expand(column, inner)

    def _pieces(self, words: pa.LargeStringArray) -> TokenColumn:
        """Split what stands between spaces."""
        if self.lower_case:
            words = pc.utf8_lower(words)
        is_ascii = pc.all(pc.string_is_ascii(words)).as_py()  # all of Unicode's letters take a millisecond to compile
        if not is_ascii:
            words = pc.replace_substring_regex(words, WITHIN_WORDS, "")
        words = pc.replace_substring_regex(words, r"[\x00-\x1F\x7F]" if is_ascii else f"[{BLANK}]", " ")
        pieces = _respaced(words, "([^A-Za-z0-9_'])" if is_ascii else NOT_IN_WORDS, r" \1 ")
        if not is_ascii and self.unspaced != "words" and has_unspaced(pieces.dictionary):
            characters = _respaced(pieces.dictionary, UNSPACED, r" \1 ")
            pieces = expand(pieces, _with_pairs(characters) if self.unspaced == "pairs" else characters)
        pieces = expand(pieces, _respaced(pieces.dictionary, EDGE_APOSTROPHES, r" \1 "))
        if self.split_clitics:
            pieces = expand(pieces, _respaced(pieces.dictionary, CLITICS, r"\1 \2"))
        return pieces

    def settings(self) -> dict[str, str | bool]:
        """Return the constructor's arguments, `unspaced` only where it is not "words": see `build_tokenizer`."""
        unspaced = {} if self.unspaced == "words" else {"unspaced": self.unspaced}
        return {"lower_case": self.lower_case, "split_clitics": self.split_clitics, **unspaced}


def _respaced(words: pa.LargeStringArray, pattern: str, replacement: str) -> TokenColumn:
    """Replace a pattern in each of `words` by something with spaces, and split at them.

    Not with `utf8_split_whitespace`: it reads a byte past its last string, and what lies there decides whether the
    string's last space is found (https://github.com/apache/arrow/issues/37757).
    """
    pieces = pc.split_pattern(pc.replace_substring_regex(words, pattern, replacement), " ")
    return _without_empty(encode(pieces.flatten(), list_offsets(pieces)))


def _replaced(column: TokenColumn, positions: NDArray[np.int64], others: TokenColumn) -> TokenColumn:
    """Put other tokens in place of those of some texts; the dictionary is made again, as the tokens come up."""
    lengths, starts = column.lengths(), column.offsets[:-1].copy()
    lengths[positions], starts[positions] = others.lengths(), others.offsets[:-1] + len(column.values)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    values = np.concatenate([column.values, others.values + np.int32(len(column.dictionary))])
    places = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
    tokens = pa.concat_arrays([column.dictionary, others.dictionary]).take(pa.array(values[places]))
    return encode(tokens, offsets)


def has_unspaced(words: pa.LargeStringArray) -> bool:
    """Say whether a letter of a script without spaces is among `words`."""
    return bool(pc.any(pc.match_substring_regex(words, UNSPACED)).as_py())


def _with_pairs(column: TokenColumn) -> TokenColumn:
    """Put behind each character of a script without spaces the pair that it makes with the next one, if one is next."""
    is_character = pc.match_substring_regex(column.dictionary, f"^{UNSPACED}$").to_numpy(zero_copy_only=False)
    is_pair = is_character[column.values[:-1]] & is_character[column.values[1:]]
    starts = column.offsets[(column.offsets > 0) & (column.offsets < len(column.values))]
    is_pair[starts - 1] = False
    first = np.flatnonzero(is_pair)
    n = len(column.dictionary)
    pairs, which = np.unique(column.values[first].astype(np.int64) * n + column.values[first + 1], return_inverse=True)
    left, right = (column.dictionary.take(pa.array(part)) for part in np.divmod(pairs, n))
    joined = pc.binary_join_element_wise(left, right, pa.scalar("", pa.large_string()))
    return TokenColumn(
        pa.concat_arrays([column.dictionary, joined]),
        column.offsets + np.searchsorted(first, column.offsets),
        np.insert(column.values, first + 1, (n + which).astype(np.int32)),
    )


def _without_empty(column: TokenColumn) -> TokenColumn:
    """Drop the tokens that are the empty string, and that string from the dictionary."""
    filled = pc.not_equal(column.dictionary, "").to_numpy(zero_copy_only=False)
    if filled.all():
        return column
    kept = filled[column.values]
    offsets = np.concatenate([[0], np.cumsum(kept)])[column.offsets]
    numbers = (np.cumsum(filled) - 1).astype(np.int32)
    return TokenColumn(column.dictionary.filter(pa.array(filled)), offsets, numbers[column.values[kept]])


def _with_one_at_least(column: TokenColumn) -> TokenColumn:
    """Drop the empty tokens, but leave the first of a text that has no others."""
    kept = filled_or_first(column)
    offsets = np.concatenate([[0], np.cumsum(kept)])[column.offsets]
    return TokenColumn(column.dictionary, offsets, column.values[kept])


def filled_or_first(column: TokenColumn) -> NDArray[np.bool_]:
    """Say of each token whether it is not empty, or the first of a text that has no others: bool [T].

    Every text must have a token.
    """
    empty = pc.equal(column.dictionary, "").to_numpy(zero_copy_only=False)
    kept: NDArray[np.bool_] = ~empty[column.values]
    n_before = np.concatenate([[0], np.cumsum(kept)])
    kept[column.offsets[:-1][np.diff(n_before[column.offsets]) == 0]] = True
    return kept
