"""FarmHash's Fingerprint64 of a column of strings: which out-of-vocabulary bucket TensorFlow gives an unknown token.

`tf.strings.to_hash_bucket_fast(token, B)`, which TF Hub's modules use, is Fingerprint64(UTF-8 bytes) mod B. The
algorithm is farmhashna::Hash64 (https://github.com/google/farmhash, src/farmhash.cc), written here for whole columns:
tokens are grouped by the length classes the algorithm has (0 to 16, 17 to 32, 33 to 64 bytes, longer), and each class
is hashed at once. Tests hold it equal to TensorFlow's.

The decision to question: NumPy, when a C library would be faster. Only the distinct unknown tokens of a corpus come
here (150,000 in 25,000 reviews), which takes a twentieth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Words: TypeAlias = NDArray[np.uint64]  # [n], one a token; arithmetic is modulo 2^64
    Bytes: TypeAlias = NDArray[np.uint8]

# farmhash.cc: "Some primes between 2^63 and 2^64 for various uses", and the seed of Hash64.
_K0, _K1, _K2 = np.uint64(0xC3A5C85C97CB3127), np.uint64(0xB492B66FBE98F273), np.uint64(0x9AE16A3B2F90404F)
_SEED = np.array([81], np.uint64)
_PADDING = 8  # bytes behind the last token, so that eight can be read anywhere
_LONG = 64  # bytes a round of the loop for long tokens takes


def fingerprint64(strings: pa.LargeStringArray) -> NDArray[np.uint64]:
    """Return the fingerprint of each of n strings (no nulls), uint64 [n]."""
    offsets, content = _buffers(strings)
    starts, lengths = offsets[:-1], np.diff(offsets)
    result = np.empty(len(strings), np.uint64)
    for least, most, function in (
        (0, 0, _hash_nothing),
        (1, 3, _hash_1_to_3),
        (4, 7, _hash_4_to_7),
        (8, 16, _hash_8_to_16),
        (17, 32, _hash_17_to_32),
        (33, 64, _hash_33_to_64),
        (65, np.iinfo(np.int64).max, _hash_long),
    ):
        chosen = np.flatnonzero((lengths >= least) & (lengths <= most))
        if len(chosen):
            result[chosen] = function(_Tokens(content, starts[chosen], lengths[chosen]))
    return result


def _buffers(strings: pa.LargeStringArray) -> tuple[NDArray[np.int64], Bytes]:
    """Return offsets (int64 [n + 1]) and the bytes they point into, with padding behind."""
    if not len(strings):
        return np.zeros(1, np.int64), np.zeros(_PADDING, np.uint8)
    _, offset_buffer, data = strings.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[strings.offset : strings.offset + len(strings) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    content = np.zeros(last - first + _PADDING, np.uint8)
    if last > first:
        content[: last - first] = np.frombuffer(data, np.uint8)[first:last]
    return offsets - first, content


class _Tokens:
    """The tokens of one length class."""

    def __init__(self, content: Bytes, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        self.content, self.starts, self.lengths = content, starts, lengths
        self.n_bytes = lengths.astype(np.uint64)
        # Every eight (four) bytes as a little-endian number, wherever they start.
        self._eight: NDArray[np.uint64] = np.ndarray((len(content) - 7,), np.dtype("<u8"), content, 0, (1,))
        self._four: NDArray[np.uint32] = np.ndarray((len(content) - 3,), np.dtype("<u4"), content, 0, (1,))

    def eight(self, position: int | NDArray[np.int64]) -> Words:
        """Return the eight bytes at a position in each token."""
        words: Words = self._eight[self.starts + position].astype(np.uint64, copy=False)
        return words

    def four(self, position: int | NDArray[np.int64]) -> Words:
        """Return the four bytes at a position in each token."""
        words: Words = self._four[self.starts + position].astype(np.uint64)
        return words

    def one(self, position: int | NDArray[np.int64]) -> Words:
        """Return the byte at a position in each token."""
        words: Words = self.content[self.starts + position].astype(np.uint64)
        return words

    def moved(self, chosen: NDArray[np.int64], shift: int) -> _Tokens:
        """Return some of the tokens, starting `shift` bytes later."""
        return _Tokens(self.content, self.starts[chosen] + shift, self.lengths[chosen])


def _rotate(words: Words, n: int) -> Words:
    return (words >> np.uint64(n)) | (words << np.uint64(64 - n))


def _shift_mix(words: Words) -> Words:
    return words ^ (words >> np.uint64(47))


def _mix(u: Words, v: Words, factor: Words) -> Words:
    """HashLen16 with a multiplier."""
    a = _shift_mix((u ^ v) * factor)
    b = _shift_mix((v ^ a) * factor)
    return b * factor


def _hash_nothing(tokens: _Tokens) -> Words:
    return np.full(len(tokens.starts), _K2, np.uint64)


def _hash_1_to_3(tokens: _Tokens) -> Words:
    first, middle, last = tokens.one(0), tokens.one(tokens.lengths >> 1), tokens.one(tokens.lengths - 1)
    y = first + (middle << np.uint64(8))
    z = tokens.n_bytes + (last << np.uint64(2))
    return _shift_mix(y * _K2 ^ z * _K0) * _K2


def _hash_4_to_7(tokens: _Tokens) -> Words:
    factor = _K2 + tokens.n_bytes * np.uint64(2)
    return _mix(tokens.n_bytes + (tokens.four(0) << np.uint64(3)), tokens.four(tokens.lengths - 4), factor)


def _hash_8_to_16(tokens: _Tokens) -> Words:
    factor = _K2 + tokens.n_bytes * np.uint64(2)
    a, b = tokens.eight(0) + _K2, tokens.eight(tokens.lengths - 8)
    return _mix(_rotate(b, 37) * factor + a, (_rotate(a, 25) + b) * factor, factor)


def _hash_17_to_32(tokens: _Tokens) -> Words:
    factor = _K2 + tokens.n_bytes * np.uint64(2)
    a, b = tokens.eight(0) * _K1, tokens.eight(8)
    c, d = tokens.eight(tokens.lengths - 8) * factor, tokens.eight(tokens.lengths - 16) * _K2
    return _mix(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + _K2, 18) + c, factor)


def _hash_33_to_64(tokens: _Tokens) -> Words:
    factor = _K2 + tokens.n_bytes * np.uint64(2)
    a, b = tokens.eight(0) * _K2, tokens.eight(8)
    c, d = tokens.eight(tokens.lengths - 8) * factor, tokens.eight(tokens.lengths - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _mix(y, a + _rotate(b + _K2, 18) + c, factor)
    e, f = tokens.eight(16) * factor, tokens.eight(24)
    g = (y + tokens.eight(tokens.lengths - 32)) * factor
    h = (z + tokens.eight(tokens.lengths - 24)) * factor
    return _mix(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, factor)


def _weak_hash(tokens: _Tokens, position: int | NDArray[np.int64], a: Words, b: Words) -> tuple[Words, Words]:
    """WeakHashLen32WithSeeds: 32 bytes and two seeds to a pair."""
    w, x, y, z = (tokens.eight(position + 8 * i) for i in range(4))
    a = a + w
    b = _rotate(b + a + z, 21)
    c = a
    a = a + x + y
    b = b + _rotate(a, 44)
    return a + z, b + c


def _hash_long(tokens: _Tokens) -> Words:
    """Hash tokens of more than 64 bytes: 56 bytes of state (v and w are pairs), a round for every 64 bytes."""
    n = len(tokens.starts)
    n_rounds = (tokens.lengths - 1) // _LONG
    y = np.repeat(_SEED * _K1 + np.uint64(113), n)
    z = _shift_mix(y * _K2 + np.uint64(113)) * _K2
    state = np.zeros((7, n), np.uint64)  # x, y, z, v, w
    state[:3] = _SEED * _K2 + tokens.eight(0), y, z
    for i in range(int(n_rounds.max())):
        going = np.flatnonzero(n_rounds > i)
        state[:, going] = _long_round(tokens.moved(going, i * _LONG), state[:, going])
    x, y, z, v0, v1, w0, w1 = state
    factor = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    last = tokens.lengths - _LONG
    w0 = w0 + ((tokens.n_bytes - np.uint64(1)) & np.uint64(63))
    v0 = v0 + w0
    w0 = w0 + v0
    x = _rotate(x + y + v0 + tokens.eight(last + 8), 37) * factor
    y = _rotate(y + v1 + tokens.eight(last + 48), 42) * factor
    x = x ^ w1 * np.uint64(9)
    y = y + v0 * np.uint64(9) + tokens.eight(last + 40)
    z = _rotate(z + w0, 33) * factor
    v0, v1 = _weak_hash(tokens, last, v1 * factor, x + w0)
    w0, w1 = _weak_hash(tokens, last + 32, z + w1, y + tokens.eight(last + 16))
    return _mix(_mix(v0, w0, factor) + _shift_mix(y) * _K0 + x, _mix(v1, w1, factor) + z, factor)


def _long_round(tokens: _Tokens, state: Words) -> Words:
    """Take in 64 bytes; `state` is uint64 [7, n]."""
    x, y, z, v0, v1, w0, w1 = state
    x = _rotate(x + y + v0 + tokens.eight(8), 37) * _K1
    y = _rotate(y + v1 + tokens.eight(48), 42) * _K1
    x = x ^ w1
    y = y + v0 + tokens.eight(40)
    z = _rotate(z + w0, 33) * _K1
    v0, v1 = _weak_hash(tokens, 0, v1 * _K1, x + w0)
    w0, w1 = _weak_hash(tokens, 32, z + w1, y + tokens.eight(16))
    return np.stack([z, y, x, v0, v1, w0, w1])
