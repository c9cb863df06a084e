"""CRC-32C against published values and a loop over bits, at the sizes where the method changes."""

import module_bytes
import numpy as np
import pytest

from plaudit.embeddings.crc32c import crc32c, masked_crc32c


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),  # the check value of the catalogue of CRC algorithms
        (bytes(32), 0x8A9136AA),  # this and the next two: RFC 3720, appendix B.4
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_values(content: bytes, expected: int) -> None:
    assert crc32c(content) == expected


@pytest.mark.parametrize("size", [1, 3, 1_023, 1_024, 1_027, 4_096, 131_071, 131_072, 131_079, 400_000])
def test_equals_a_loop_over_bits(size: int) -> None:
    content = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
    assert masked_crc32c(content) == module_bytes.checksum(content.tobytes())


def test_the_bytes_may_start_anywhere() -> None:
    content = np.random.default_rng(0).integers(0, 256, 200_001, dtype=np.uint8)
    assert crc32c(content[1:]) == crc32c(content[1:].tobytes())


def test_one_changed_bit_is_seen() -> None:
    content = np.zeros(300_000, np.uint8)
    changed = content.copy()
    changed[250_000] = 1
    assert crc32c(content) != crc32c(changed)
