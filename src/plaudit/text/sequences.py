"""Token ids cut into what an encoder reads at once. Nothing is left out unsaid: `Sequences` counts what is not read."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.subwords import Frame, TokenIds

_HEAD_SHARE = 4  # a quarter from a text's beginning; reviews give their verdict at the end


@dataclass(frozen=True)
class Sequences:
    """S sequences of N texts, at least one of each, in the order of the texts.

    Attributes:
        offsets: int64 [S + 1]; sequence s owns ``values[offsets[s]:offsets[s + 1]]``.
        values: int32 [T], token ids without special tokens.
        first: int64 [N + 1]; text i owns the sequences ``first[i]`` to ``first[i + 1]``.
        n_longer: Texts that do not fit into one sequence whole.
        n_tokens: Tokens of the texts, read or not.
    """

    offsets: NDArray[np.int64]
    values: NDArray[np.int32]
    first: NDArray[np.int64]
    n_longer: int
    n_tokens: int

    @property
    def n_texts(self) -> int:
        """N."""
        return len(self.first) - 1

    @property
    def n_unread(self) -> int:
        """Tokens of the texts that are in no sequence."""
        return self.n_tokens - len(self.values)

    def note(self, max_tokens: int, turns: tuple[Sequences, ...] = ()) -> str | None:
        """Say how many texts are longer than `max_tokens`, and what is not read of them.

        Args:
            max_tokens: What is read at once.
            turns: What the epochs train on, one sequence a text; none where training reads the same as an answer.
        """
        if not self.n_longer:
            return None
        longer = f"{self.n_longer:,} of {self.n_texts:,} training texts are longer than {max_tokens} tokens"
        if not self.n_unread:
            if not turns:
                return f"{longer}; they are read in windows."
            lengths = np.diff(self.offsets[self.first])
            n_trained_on = np.minimum(lengths, np.sum([turn.lengths() for turn in turns], axis=0)).sum()
            missing = 100 * (1 - n_trained_on / self.n_tokens)
            left_out = f", and {missing:.1f} % of all tokens are in no part; --epochs trains on more" if missing else ""
            return f"{longer}; each epoch trains on another part{left_out}. An answer reads all, in windows."
        return (
            f"{longer}: only the first quarter and the last three quarters of that length are read, and "
            f"{100 * self.n_unread / self.n_tokens:.1f} % of all tokens are not. --max-tokens reads more, "
            "--long-texts windows reads all."
        )

    def lengths(self) -> NDArray[np.int64]:
        """Return the number of tokens in each sequence, int64 [S]."""
        return np.diff(self.offsets)

    def counts(self) -> NDArray[np.int64]:
        """Return the number of sequences of each text, int64 [N]."""
        return np.diff(self.first)

    def owners(self) -> NDArray[np.int64]:
        """Return the text of each sequence, int64 [S]."""
        return np.repeat(np.arange(self.n_texts), self.counts())

    def padded(
        self, rows: NDArray[np.int64], frame: Frame, padding: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return these sequences with special tokens around, padded on the right to the longest, L.

        Args:
            rows: int64 [B], which sequences.
            frame: The special tokens.
            padding: The id that fills up.

        Returns:
            int64 [B, L] each: ids; 1 where a token is and 0 where padding; token types. A sequence without any token
            is one padding id that counts.
        """
        lengths = self.lengths()[rows] + len(frame)
        width = max(1, int(lengths.max(initial=0)))
        ids = np.full((len(rows), width), padding, np.int64)
        mask = (np.arange(width) < np.maximum(lengths, 1)[:, None]).astype(np.int64)
        types = np.zeros_like(ids)
        begin = len(frame.prefix)
        for row, sequence in enumerate(rows.tolist()):
            end = int(lengths[row]) - len(frame.suffix)
            ids[row, :begin] = frame.prefix
            ids[row, begin:end] = self.values[self.offsets[sequence] : self.offsets[sequence + 1]]
            ids[row, end : lengths[row]] = frame.suffix
            types[row, :begin] = frame.prefix_types
            types[row, begin:end] = frame.text_type
            types[row, end : lengths[row]] = frame.suffix_types
        return ids, mask, types


def portions(lengths: NDArray[np.int64], budget: int) -> list[slice]:
    """Cut sequences into runs that hold at most `budget` tokens, padded to the longest of the run, or are one sequence.

    Args:
        lengths: int64 [S], ascending, special tokens included.
        budget: From 1.
    """
    cuts, begin = [0], 0
    for end, length in enumerate(lengths.tolist()):
        if end > begin and (end + 1 - begin) * length > budget:
            cuts.append(end)
            begin = end
    return [slice(a, b) for a, b in itertools.pairwise([*cuts, len(lengths)]) if a < b]


def head_and_tail(tokens: TokenIds, room: int, turn: int = 0) -> Sequences:
    """Keep at most `room` tokens of each text: a quarter of them from its beginning, the rest from its end.

    Args:
        tokens: N texts.
        room: From 1.
        turn: How often a text has been read before. Each turn reads what lies inside of the turn before, until a text
            has been read whole, and then begins again; 0 is the outermost.
    """
    lengths = np.diff(tokens.offsets)
    head = room // _HEAD_SHARE
    tail = room - head
    n_kept = np.minimum(lengths, room)
    done = turn % np.maximum(-(-lengths // room), 1)  # turns since a text was begun
    stops = np.maximum(lengths - done * tail, n_kept)  # where the tail ends
    starts = np.minimum(done * head, stops - n_kept)
    resumes = np.maximum(stops - tail, starts + head)  # where the tail begins
    place = np.arange(len(tokens.values)) - np.repeat(tokens.offsets[:-1], lengths)
    starts, resumes, stops = (np.repeat(at, lengths) for at in (starts, resumes, stops))
    kept = ((place >= starts) & (place < starts + head)) | ((place >= resumes) & (place < stops))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_kept)])
    return Sequences(
        offsets,
        tokens.values[kept],
        np.arange(len(tokens) + 1),
        n_longer=int((lengths > room).sum()),
        n_tokens=len(tokens.values),
    )


def windows(tokens: TokenIds, room: int) -> Sequences:
    """Cut each text into as few windows of at most `room` tokens as hold all of it, lengths a token apart at most."""
    lengths = np.diff(tokens.offsets)
    counts = np.maximum(-(-lengths // room), 1)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    owners = np.repeat(np.arange(len(tokens)), counts)
    number = np.arange(len(owners)) - first[owners]
    starts = tokens.offsets[owners] + number * lengths[owners] // counts[owners]
    offsets = np.append(starts, len(tokens.values)).astype(np.int64)
    return Sequences(offsets, tokens.values, first, n_longer=int((lengths > room).sum()), n_tokens=len(tokens.values))


def cut(tokens: TokenIds, room: int, long_texts: str) -> Sequences:
    """Cut N texts as an answer reads them: "windows" or "head_tail"."""
    return windows(tokens, room) if long_texts == "windows" else head_and_tail(tokens, room)


def turns(tokens: TokenIds, room: int, long_texts: str, n: int) -> tuple[Sequences, ...]:
    """Return what each of `n` epochs trains on, one sequence a text; after the last they begin again.

    Of texts that are answered in windows each turn reads another part, from their ends inward; of others always the
    head and the tail.
    """
    if long_texts != "windows":
        return (head_and_tail(tokens, room),)
    longest = int(np.diff(tokens.offsets).max(initial=1))
    return tuple(head_and_tail(tokens, room, turn) for turn in range(min(n, -(-longest // room))))
