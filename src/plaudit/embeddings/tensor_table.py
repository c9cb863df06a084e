"""A LevelDB table, the format of a TensorFlow checkpoint's index: sorted keys and values in checked blocks.

The format is LevelDB's (https://github.com/google/leveldb/blob/main/doc/table_format.md): a 48-byte footer at the end
points to the index block, which points to the data blocks; in a block, a key is stored as how much it shares with the
one before and what comes then. Behind every block stand its compression (one byte) and a masked CRC-32C (four). This
module knows nothing of what keys and values mean.

The decision to question: the whole index is read into a dictionary. For one variable it is a few hundred bytes, for a
large model's thousands of variables a few hundred kilobytes.
"""

from __future__ import annotations

from plaudit.embeddings.crc32c import masked_crc32c
from plaudit.embeddings.protobuf import WireError, read_varint

_FOOTER_BYTES = 48
_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_TRAILER_BYTES = 5
_UNCOMPRESSED, _SNAPPY = 0, 1
_MAX_BLOCK_BYTES = 1 << 26


class TableError(ValueError):
    """The bytes are no LevelDB table, or a damaged one."""


def read_entries(content: bytes) -> dict[bytes, bytes]:
    """Return a table's keys and values, in the order of the keys.

    Raises:
        TableError: It is not a table, or a block is damaged.
    """
    footer = content[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or not footer.endswith(_MAGIC):
        raise TableError("it does not end as a LevelDB table does; truncated or of another kind")
    try:
        _, position = read_varint(footer, 0)  # the index of the index, which TensorFlow leaves empty
        _, position = read_varint(footer, position)
        index = _block_entries(_read_block(content, footer[position:]))
        entries: dict[bytes, bytes] = {}
        for handle in index.values():
            entries |= _block_entries(_read_block(content, handle))
    except WireError as error:
        raise TableError(f"damaged: {error}") from error
    return entries


def _read_block(content: bytes, handle: bytes) -> bytes:
    start, position = read_varint(handle, 0)
    size, _ = read_varint(handle, position)
    end = start + size
    if end + _TRAILER_BYTES > len(content):
        raise TableError(f"damaged: a block of {size:,} bytes at byte {start:,} of {len(content):,}")
    found, expected = masked_crc32c(content[start : end + 1]), int.from_bytes(content[end + 1 : end + 5], "little")
    if found != expected:
        raise TableError(f"damaged: the block at byte {start:,} has the checksum {found:08x}, expected {expected:08x}")
    block, compression = content[start:end], content[end]
    if compression == _SNAPPY:
        return _uncompressed(block)
    if compression != _UNCOMPRESSED:
        raise TableError(f"compression {compression} is unknown; expected none or Snappy")
    return block


def _uncompressed(block: bytes) -> bytes:
    import pyarrow as pa

    size, _ = read_varint(block, 0)  # Snappy's raw format starts with the length
    if size > _MAX_BLOCK_BYTES:
        raise TableError(f"damaged: a block of {size:,} bytes")
    try:
        result: bytes = pa.decompress(block, decompressed_size=size, codec="snappy", asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"damaged: Snappy cannot unpack a block ({error})") from error
    return result


def _block_entries(block: bytes) -> dict[bytes, bytes]:
    if len(block) < 4:
        raise TableError(f"damaged: a block of {len(block)} bytes")
    n_restarts = int.from_bytes(block[-4:], "little")  # places to start a search at; not needed to read all
    end = len(block) - 4 * (n_restarts + 1)
    entries: dict[bytes, bytes] = {}
    key, position = b"", 0
    while position < end:
        n_shared, position = read_varint(block, position)
        n_more, position = read_varint(block, position)
        n_value, position = read_varint(block, position)
        value_start = position + n_more
        if n_shared > len(key) or value_start + n_value > end:
            raise TableError(f"damaged: an entry at byte {position:,} of a block of {len(block):,}")
        key = key[:n_shared] + block[position:value_start]
        position = value_start + n_value
        entries[key] = block[value_start:position]
    return entries
