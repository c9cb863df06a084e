"""CRC-32C (Castagnoli), with which TensorFlow protects every block and tensor of a checkpoint.

The standard library has CRC-32 only, which is another polynomial. Being linear over bits, a checksum can be taken of
many stretches side by side and joined: the checksum of two stretches is the first's, moved on by as many zero bytes
as the second has, xor the second's.

The decision to question: NumPy over 32,768 stretches instead of a package with a C library. 193 MB take half a
second, once, when a downloaded module is converted.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed (RFC 3720, appendix B.4)
_ALL_ONES = 0xFFFFFFFF
_LANES = (32_768, 256)  # stretches taken side by side: many, then fewer for what is left
_MASK_DELTA = 0xA282EAD8  # tensorflow/core/lib/hash/crc32c.h, Mask


def crc32c(content: bytes | memoryview | NDArray[np.uint8]) -> int:
    """Return the CRC-32C of `content`."""
    rest = np.frombuffer(content, np.uint8)
    checksum = _ALL_ONES
    for n_lanes in _LANES:
        n_words = len(rest) // (4 * n_lanes)  # four-byte words in a lane
        if n_words:
            size = 4 * n_lanes * n_words
            checksum = _side_by_side(rest[:size], n_lanes, checksum)
            rest = rest[size:]
    table = _byte_table().tolist()
    for byte in rest.tolist():
        checksum = table[(checksum ^ byte) & 0xFF] ^ (checksum >> 8)
    return checksum ^ _ALL_ONES


def masked_crc32c(content: bytes | memoryview | NDArray[np.uint8]) -> int:
    """Return the checksum in the form that TensorFlow stores: rotated and shifted, so that it may itself be summed."""
    checksum = crc32c(content)
    return (((checksum >> 15) | (checksum << 17)) + _MASK_DELTA) & _ALL_ONES


def _side_by_side(content: NDArray[np.uint8], n_lanes: int, start: int) -> int:
    """Continue the raw checksum `start` over `content`, whose length is a multiple of 4 `n_lanes`, a power of two."""
    lanes = content.view("<u4").reshape(n_lanes, -1)
    low, high = _word_tables()
    checksums = np.zeros(n_lanes, np.uint32)
    checksums[0] = start
    for words in lanes.T:
        checksums ^= words
        checksums = low[checksums & 0xFFFF] ^ high[checksums >> 16]
    advance = _advance(4 * lanes.shape[1])
    while len(checksums) > 1:
        checksums = _apply(advance, checksums[::2]) ^ checksums[1::2]
        advance = _apply(advance, advance)
    return int(checksums[0])


@cache
def _byte_table() -> NDArray[np.uint32]:
    """Return what a byte does to a checksum, uint32 [256]."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@cache
def _word_tables() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return what a checksum's low and high half become after four zero bytes, uint32 [65,536] each."""
    half = np.arange(1 << 16, dtype=np.uint32)
    advance = _advance(4)
    return _apply(advance, half), _apply(advance, half << np.uint32(16))


def _advance(n_bytes: int) -> NDArray[np.uint32]:
    """Return the operator that moves a checksum on by so many zero bytes: where each of its bits goes, uint32 [32]."""
    result: NDArray[np.uint32] = np.uint32(1) << np.arange(32, dtype=np.uint32)
    power: NDArray[np.uint32] = _byte_table()[result & 0xFF] ^ (result >> 8)
    while n_bytes:
        if n_bytes & 1:
            result = _apply(power, result)
        power = _apply(power, power)
        n_bytes >>= 1
    return result


def _apply(operator: NDArray[np.uint32], checksums: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the operator's image of each checksum."""
    result = np.zeros_like(checksums)
    for bit, image in enumerate(operator.tolist()):
        result ^= ((checksums >> bit) & 1) * np.uint32(image)
    return result
