"""Writes SavedModels of the nnlm kind byte by byte, without TensorFlow: a second opinion on the formats that are read.

Checksums come from a loop over bits, tables and protocol buffers from the formats' descriptions; nothing is shared with
the code under test.
"""

import io
import struct
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

VOCABULARY = ("cat", "dog", "mouse")
VECTORS = np.array([[1.11, 2.56, 3.45], [1, 2, 3], [0.5, 0.1, 0.6], [0, 0, 0]], np.float32)  # and one zero bucket
FLOAT, DOUBLE = 1, 2
OBJECT_NAME = "embeddings/.ATTRIBUTES/VARIABLE_VALUE"
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def checksum(content: bytes) -> int:
    """Return the CRC-32C, a bit at a time, in TensorFlow's masked form."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def fixed32(field: int, value: int) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<I", value)


def string(field: int, value: bytes | str) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(content)) + content


def node(name: str, operation: str, inputs: Sequence[str] = (), **attributes: bytes) -> bytes:
    """Write a NodeDef; attributes are AttrValues."""
    out = string(1, name) + string(2, operation) + b"".join(string(3, source) for source in inputs)
    return out + b"".join(string(5, string(1, key) + string(2, value)) for key, value in attributes.items())


def constant(name: str, value: str) -> bytes:
    return node(name, "Const", value=string(8, number(1, 7) + string(8, value)))


def text_nodes(
    *, normalize: bool, n_buckets: int = 1, split: str = "StringSplitV2", separator: str = " ", pattern: str = r"\pP"
) -> list[bytes]:
    """Write the operations of a module's functions that matter; what lies between them is left out."""
    nodes = [
        constant("StringSplit/Const", separator),
        node("StringSplit/it", split, ["Reshape:output:0", "StringSplit/Const:output:0"]),
        node("lookup", "LookupTableFindV2", ["StringSplit/it:values:0"]),
        node("combine", "SparseSegmentSqrtN", ["lookup:values:0"]),
    ]
    if normalize:
        nodes.append(node("clean", "StaticRegexReplace", ["s"], pattern=string(2, pattern), rewrite=string(2, "")))
    if n_buckets:
        nodes.append(node("hash", "StringToHashBucketFast", ["s"], num_buckets=number(3, n_buckets)))
    return nodes


def saved_model(nodes: Sequence[bytes]) -> bytes:
    """Write saved_model.pb with `nodes` in one function and a graph that calls it."""
    function = string(1, string(1, "__inference___call___1")) + b"".join(string(3, each) for each in nodes)
    graph = string(1, node("call", "StatefulPartitionedCall")) + string(2, string(1, function))
    return number(1, 1) + string(2, string(2, graph))


def entry(dtype: int, shape: Sequence[int], content: bytes, start: int, shard: int = 0, slices: bytes = b"") -> bytes:
    """Write a BundleEntryProto."""
    dimensions = b"".join(string(2, number(1, size)) for size in shape)
    out = number(1, dtype) + string(2, dimensions) + number(3, shard) + number(4, start) + number(5, len(content))
    return out + fixed32(6, checksum(content)) + slices


def block(content: bytes, compression: int = 0) -> bytes:
    return content + bytes([compression]) + struct.pack("<I", checksum(content + bytes([compression])))


def entries_block(entries: Mapping[bytes, bytes]) -> bytes:
    """Write a block's entries with shared prefixes, and its one restart point."""
    out, last = b"", b""
    for key, value in entries.items():
        shared = next((i for i, (a, b) in enumerate(zip(last, key, strict=False)) if a != b), min(len(last), len(key)))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return out + struct.pack("<II", 0, 1)


def table(entries: Mapping[bytes, bytes], *, snappy: bool = False) -> bytes:
    """Write a LevelDB table of one data block."""
    content = entries_block(dict(sorted(entries.items())))
    if snappy:
        import pyarrow as pa

        content = pa.compress(content, codec="snappy", asbytes=True)
    out = block(content, int(snappy))
    data = varint(0) + varint(len(content))
    meta_at, meta = len(out), entries_block({})
    out += block(meta)
    index_at, index = len(out), entries_block({max(entries) + b"\0": data})
    out += block(index)
    handles = varint(meta_at) + varint(len(meta)) + varint(index_at) + varint(len(index))
    return out + handles.ljust(40, b"\0") + MAGIC


def header(n_shards: int = 1, endianness: int = 0) -> bytes:
    return number(1, n_shards) + number(2, endianness) + string(3, number(1, 1))


def write_bundle(folder: Path, tensors: Mapping[str, np.ndarray], *, snappy: bool = False) -> None:
    """Write a checkpoint of matrices into ``folder/variables.*``, with another tensor before and after each."""
    data, entries = b"odd", {b"": header()}
    for name, values in tensors.items():
        content = values.tobytes()
        dtype = FLOAT if values.dtype == np.float32 else DOUBLE
        entries[name.encode()] = entry(dtype, values.shape, content, len(data))
        data += content + b"end"
    entries[b"save_counter/.ATTRIBUTES/VARIABLE_VALUE"] = entry(9, (), b"odd", 0)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "variables.index").write_bytes(table(entries, snappy=snappy))
    (folder / "variables.data-00000-of-00001").write_bytes(data)


def write_module(
    folder: Path,
    *,
    normalize: bool = True,
    vocabulary: Sequence[str] = VOCABULARY,
    vectors: np.ndarray = VECTORS,
    nodes: Sequence[bytes] | None = None,
) -> Path:
    """Write a whole module."""
    write_bundle(folder / "variables", {OBJECT_NAME: vectors})
    n_buckets = len(vectors) - len(vocabulary)
    graph = saved_model(text_nodes(normalize=normalize, n_buckets=n_buckets) if nodes is None else nodes)
    (folder / "saved_model.pb").write_bytes(graph)
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "assets" / "tokens.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")
    return folder


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def pack(folder: Path, target: Path, *, prefix: str = "./", mode: str = "w:gz") -> Path:
    """Pack a module as TF Hub does; `prefix` is put before each name."""
    with tarfile.open(target, mode) as archive:  # type: ignore[call-overload]  # the mode is no literal here
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                add(archive, prefix + path.relative_to(folder).as_posix(), path.read_bytes())
    return target
