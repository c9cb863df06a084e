"""Just enough of protocol buffers to read a SavedModel: fields by number, with no schema.

The wire format is described at https://protobuf.dev/programming-guides/encoding. This module knows nothing of what a
message means; the callers carry TensorFlow's field numbers, each beside its use.

The decision to question: sixty lines instead of the `protobuf` package, whose generated classes would tie the base
installation to TensorFlow's choice of its version.
"""

from __future__ import annotations

from collections import defaultdict

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT_BITS = 70


class WireError(ValueError):
    """The bytes are no protocol buffer message, or a field is not of the type that was asked for."""


class Message:
    """A parsed message: for each field number its values, in the order of the bytes; nested messages stay bytes."""

    def __init__(self, content: bytes) -> None:
        self._fields: dict[int, list[int | bytes]] = defaultdict(list)
        position = 0
        while position < len(content):
            tag, position = read_varint(content, position)
            wire_type = tag & 7
            if wire_type == _VARINT:
                value: int | bytes
                value, position = read_varint(content, position)
            else:
                if wire_type == _BYTES:
                    size, position = read_varint(content, position)
                elif wire_type in _FIXED_SIZES:
                    size = _FIXED_SIZES[wire_type]
                else:
                    raise WireError(f"wire type {wire_type} at byte {position:,}")
                if position + size > len(content):
                    raise WireError(f"a field of {size:,} bytes at byte {position:,} of {len(content):,}")
                value = content[position : position + size]
                position += size
                if wire_type != _BYTES:
                    value = int.from_bytes(value, "little")
            self._fields[tag >> 3].append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def integer(self, number: int, default: int = 0) -> int:
        """Return a field's last value, an integer; negative ones come as their two's complement."""
        value = self._fields[number][-1] if number in self._fields else default
        if not isinstance(value, int):
            raise WireError(f"field {number}: expected a number, got bytes")
        return value

    def strings(self, number: int) -> list[bytes]:
        """Return all values of a field of bytes."""
        values = self._fields.get(number, [])
        found = [value for value in values if isinstance(value, bytes)]
        if len(found) != len(values):
            raise WireError(f"field {number}: expected bytes, got a number")
        return found

    def string(self, number: int) -> bytes:
        """Return a field's last value, bytes; empty if it is not there."""
        found = self.strings(number)
        return found[-1] if found else b""

    def text(self, number: int) -> str:
        """Return a field's last value as text; what is not UTF-8 is replaced."""
        return self.string(number).decode(errors="replace")

    def messages(self, number: int) -> list[Message]:
        """Return all values of a field, parsed."""
        return [Message(value) for value in self.strings(number)]

    def message(self, number: int) -> Message:
        """Return a field's last value, parsed; an empty message if it is not there."""
        return Message(self.string(number))


def read_varint(content: bytes, position: int) -> tuple[int, int]:
    """Return the varint at `position`, and where it ends."""
    value = shift = 0
    while True:
        if position >= len(content) or shift >= _MAX_VARINT_BITS:
            raise WireError(f"a number at byte {position:,} of {len(content):,} has no end")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
