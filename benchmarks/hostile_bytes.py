"""What hostile_files.py damages, how, and what it then does with it: one function a kind of file or folder."""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import random
import re
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [
    str(ROOT / "tests" / each) for each in (".", "embeddings", "data/door")
]  # tiny encoders and modules are made there

TEXTS = ["", "a good film", "grim, dull and cold 好 🙂", "word " * 3_000, "a" * 20_000]
Use = Callable[[], object]
Case = Callable[[random.Random, Path, Path], Use]
EXTREME = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def odd(choose: random.Random) -> Any:
    """Return a JSON value that nobody expects."""
    return choose.choice([
        None, True, False, -1, 0, 1, 2, 255, 4_096, 10**7, 2**31, 2**53, 10**30, -(10**30), 0.5, 1e308, -1e308, 1e-308,
        float("nan"), float("inf"), "", "a", "../x", "/etc/passwd", "a" * 1_000_000, "\ud800", "\0", "<img src=x>",
        "é" * 1_000, [], {}, [[]], [None] * 1_000, ["a"] * 100_000, {"a": 1}, [0] * 10, "auto",
        "somebody/kernel", "1" * 5_000,
    ])  # fmt: skip


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a JSON value."""
    if isinstance(value, dict | list) and len(found) < 3_000:
        for key in list(value) if isinstance(value, dict) else range(min(len(value), 200)):
            found.append((value, key))
            places(value[key], found)
    return found


def damage_json(choose: random.Random, data: bytes) -> bytes:
    """Change, drop, rename or grow parts of a JSON document."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):  # damaged already
        return damage_bytes(choose, data)
    for _ in range(choose.choice([1, 1, 1, 2, 3])):
        holder, key = choose.choice(places(content, []) or [({}, "a")])
        way = choose.randrange(6)
        if way < 3:
            holder[key] = odd(choose)
        elif way == 3 and isinstance(holder, dict):
            holder.pop(key, None)
        elif way == 4 and isinstance(holder, dict):
            holder[choose.choice(["x", "../x", "", "__class__", key + "x"])] = holder.get(key)
        elif way == 5:
            old = holder[key] if isinstance(holder, list) else holder.get(key)
            grown: Any = old
            if isinstance(old, list | str):
                grown = old * choose.choice([2, 100, 10_000] if len(old) < 100 else [2])
            elif isinstance(old, int | float) and not isinstance(old, bool):
                grown = old * choose.choice([-1, 2, 1_000, 10**9])
            holder[key] = grown
    try:
        return json.dumps(content).encode()
    except (RecursionError, ValueError):
        return b"{}"


def damage_bytes(choose: random.Random, data: bytes) -> bytes:
    """Flip, cut, repeat, fill, insert or make numbers extreme."""
    changed = bytearray(data)
    for _ in range(choose.choice([1, 1, 2, 5, 20])):
        at = (
            choose.randrange(len(changed) + 1)
            if choose.random() < 0.5
            else choose.randrange(min(len(changed), 512) + 1)
        )
        way = choose.randrange(8)
        if way == 0 and at < len(changed):
            changed[at] ^= 1 << choose.randrange(8)
        elif way == 1:
            del changed[at:]
        elif way == 2:
            changed[at:at] = changed[at : at + choose.choice([1, 8, 100, 10_000])] * choose.choice([1, 2, 1_000])
        elif way == 3:
            changed[at : at + 64] = bytes([choose.choice([0, 255, 32, 48])]) * choose.choice([8, 64, 4_096])
        elif way == 4:
            size = choose.choice([1, 2, 4, 8])
            changed[at : at + size] = (choose.choice(EXTREME) & (256**size - 1)).to_bytes(
                size, choose.choice(["little", "big"])
            )
        elif way == 5:
            changed[at:at] = choose.randbytes(choose.randrange(1, 200))
        elif way == 6:
            del changed[at : at + choose.choice([1, 4, 100])]
        else:
            changed += changed[: choose.choice([1, 100, 10_000])]
        if len(changed) > 5_000_000:
            break
    return bytes(changed[:5_000_000])


def parsed(data: bytes) -> Any:
    """Return what bytes say as JSON; of bytes that say nothing, None."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def damage_tensors(choose: random.Random, data: bytes) -> bytes:
    """Change what a safetensors file says it holds, or its numbers."""
    size = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + size], bytearray(data[8 + size :])
    if choose.random() < 0.5:
        if choose.random() < 0.4:
            content = parsed(header)
            for entry in content.values() if isinstance(content, dict) else ():
                if isinstance(entry, dict) and "dtype" in entry and choose.random() < 0.5:
                    entry["dtype"] = choose.choice(
                        ["F8_E4M3", "F8_E5M2", "BF16", "F16", "F64", "I64", "U8", "BOOL", "X"]
                    )
            header = json.dumps(content).encode()
        else:
            header = damage_json(choose, header)
    else:
        for _ in range(choose.choice([1, 10, 1_000])):
            at = choose.randrange(max(1, len(body) // 4)) * 4
            body[at : at + 4] = choose.choice(
                [b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f", b"\xff\xff\x7f\xff", b"\1\0\0\0"]
            )
    claimed = len(header) if choose.random() < 0.95 else choose.choice(EXTREME)
    return claimed.to_bytes(8, "little") + header + bytes(body)


def damage(choose: random.Random, path: Path) -> None:
    """Damage a file as fits its kind."""
    data = path.read_bytes()
    way = choose.random()
    if path.suffix == ".json" and way < 0.8:
        data = damage_json(choose, data)
    elif path.suffix == ".safetensors" and way < 0.7:
        data = damage_tensors(choose, data)
    else:
        data = damage_bytes(choose, data)
    path.write_bytes(data)


def reseal(folder: Path) -> None:
    """Make sizes and checksums right again, in every manifest."""
    for path in folder.rglob("embedding.json"):
        try:
            described = json.loads(path.read_text())
            for name in described["crc32"]:
                described["crc32"][name] = zlib.crc32((path.parent / name).read_bytes())
            path.write_text(json.dumps(described))
        except (ValueError, TypeError, KeyError, OSError, AttributeError):
            continue
    for path in sorted(folder.rglob("model.json"), key=lambda found: -len(found.parts)):
        try:
            manifest = json.loads(path.read_text())
            for name in manifest["files"]:
                data = (path.parent / name).read_bytes()
                manifest["files"][name] = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            path.write_text(json.dumps(manifest))
        except (ValueError, TypeError, KeyError, OSError, AttributeError):
            continue


def model_case(choose: random.Random, good: Path, place: Path) -> Use:
    folder = place / "model"
    shutil.copytree(good, folder)
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name not in ("README.md", "report.json")
    )
    for _ in range(choose.choice([1, 1, 1, 2])):
        path = choose.choice(files)
        way = choose.random()
        if way < 0.03:
            path.unlink(missing_ok=True)
            path.symlink_to("/etc/passwd")
        elif way < 0.05:
            path.unlink(missing_ok=True)
            os.mkfifo(path)
        elif path.is_file() and not path.is_symlink():
            damage(choose, path)
    if choose.random() < 0.8 and not any(path.is_fifo() or path.is_symlink() for path in files):
        reseal(folder)

    return lambda: answered(folder)


def answered(folder: Path) -> None:
    """Load a model and ask it."""
    import numpy as np

    import plaudit
    from plaudit.embeddings.storage import held_in_memory

    with held_in_memory():
        model = plaudit.load(folder)
    model.predict(TEXTS)
    if not np.isfinite(model.predict_proba(TEXTS)).all():
        raise AssertionError("a probability is no number")


def report_case(choose: random.Random, good: Path, place: Path) -> Use:
    shutil.copy(good / "report.json", place)
    damage(choose, place / "report.json")

    def use() -> None:
        from plaudit.report import model_card, read_facts
        from plaudit.report.page import report_page

        facts = read_facts(place)
        model_card(facts, title="a", openings=1)
        report_page(facts, name="a", openings=1, rule=None)

    return use


def archive_case(choose: random.Random, good: Path, place: Path) -> Use:
    module = place / "module"
    shutil.copytree(good, module)
    if choose.random() < 0.6:
        damage(choose, choose.choice(sorted(path for path in module.rglob("*") if path.is_file())))
    path = place / "module.tar.gz"
    if choose.random() < 0.4:
        path = module
    else:
        with tarfile.open(place / "m.tar", "w") as archive:
            archive.add(module, ".")
        data = (place / "m.tar").read_bytes()
        if choose.random() < 0.5:
            data = damage_bytes(choose, data)
        data = choose.choice([gzip.compress, bz2.compress, lzma.compress, bytes])(data)
        if choose.random() < 0.3:
            data = damage_bytes(choose, data)
        path.write_bytes(data)
    return lambda: embedded(path)


def embedded(path: Path) -> None:
    import numpy as np
    import pyarrow as pa

    from plaudit.embeddings import load_embedding

    vectors = load_embedding(path).embed(pa.array(TEXTS[:3], pa.large_string()))
    if not np.isfinite(vectors).all():
        raise AssertionError("a vector holds no number")


def vectors_case(choose: random.Random, good: Path, place: Path) -> Use:
    data = (good / "vectors.txt").read_bytes()
    way = choose.randrange(6)
    if way == 0:
        n = choose.choice([1_000, 20_000, 1_000_000])
        data = b"word" + b" 0" * n + b"\n" + data
    elif way == 1:
        data = b"%d %d\n" % (choose.choice(EXTREME), choose.choice(EXTREME)) + data
    elif way == 2:
        field = choose.choice([b"nan", b"inf", b"1e999", b"-", b"1_0", b"\xff", b"0x1", b"1" * 5_000, "１".encode()])
        data = data.replace(b"0.5", field, choose.randrange(1, 5))
    else:
        data = damage_bytes(choose, data)
    if choose.random() < 0.2:
        data = data * choose.choice([10, 100])
    data = choose.choice([bytes, bytes, gzip.compress, bz2.compress, lzma.compress])(data[:3_000_000])
    if choose.random() < 0.3:
        data = damage_bytes(choose, data)
    (place / "vectors.txt").write_bytes(data)
    return lambda: embedded(place / "vectors.txt")


def arrow_case(choose: random.Random, good: Path, place: Path) -> Use:
    name = choose.choice(sorted(path.name for path in good.iterdir()))
    (place / "tokens.arrow").write_bytes(damage_bytes(choose, (good / name).read_bytes()))

    def use() -> None:
        from plaudit.embeddings.storage import held_in_memory, read_vocabulary

        with held_in_memory():
            read_vocabulary(place / "tokens.arrow").to_pylist()

    return use


def data_case(choose: random.Random, good: Path, place: Path) -> Use:
    source = choose.choice(sorted(good.iterdir()))
    data = source.read_bytes()
    way = choose.randrange(8)
    if way == 0:
        data = data.replace(b",", choose.choice([b",,", b'"', b"\n", b"\0", b";", b"\t"]), choose.randrange(1, 50))
    elif way == 1 and source.suffix in (".csv", ".tsv"):
        comma = b"," if source.suffix == ".csv" else b"\t"
        n = choose.choice([100, 20_000, 100_000])
        data = comma.join(b"c%d" % i for i in range(n)) + b"\n" + data
    elif way == 2 and source.suffix == ".jsonl":
        lines = data.splitlines()
        at = choose.randrange(len(lines))
        lines[at] = choose.choice([b"[" * 100_000, b'{"text":' + b"1" * 5_000 + b"}", b"null", b'{"text":"\\ud800"}',
                                   b'{"a":' * 2_000 + b"1" + b"}" * 2_000, b'{"text":"a","text":"b"}'])  # fmt: skip
        data = b"\n".join(lines)
    elif way == 3:
        data = data + choose.choice([b'"', b"\n" * 100_000, b"," * 1_000_000, b"a" * 3_000_000])
    else:
        data = damage_bytes(choose, data)
    if source.suffix != ".parquet" and choose.random() < 0.2:
        data = choose.choice([gzip.compress, bz2.compress, lzma.compress])(data)
    path = place / source.name
    path.write_bytes(data)

    return lambda: read(path)


def tables_case(choose: random.Random, good: Path, place: Path) -> Use:
    """Damage a workbook (its parts, or the archive), a database, a list of JSON or an Arrow file of data."""
    source = choose.choice(sorted(good.iterdir()))
    path = place / source.name
    if source.suffix == ".xlsx" and choose.random() < 0.8:
        with zipfile.ZipFile(source) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = choose.choice(sorted(parts))
        way = choose.randrange(4)
        if way == 0:
            number = str(choose.choice(EXTREME)).encode()
            parts[name] = re.sub(rb"\d+", number, parts[name], count=choose.choice([1, 3, 20]))
        elif way == 1:
            at = choose.randrange(len(parts[name]))
            parts[name] = (
                parts[name][:at] + parts[name][at : at + 200] * choose.choice([100, 10_000]) + parts[name][at:]
            )
        else:
            parts[name] = damage_bytes(choose, parts[name])
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    elif source.suffix == ".json" and choose.random() < 0.5:
        path.write_bytes(damage_json(choose, source.read_bytes()))
    else:
        path.write_bytes(damage_bytes(choose, source.read_bytes()))
    return lambda: read(path)


def read(path: Path) -> None:
    """Read a file of data."""
    from plaudit.data import read_file

    read_file(path, require_labels=False).texts.to_pylist()


def pretrained_case(choose: random.Random, good: Path, place: Path) -> Use:
    folder = place / "encoder"
    shutil.copytree(good, folder)
    way = choose.random()
    if way < 0.1:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": odd(choose)}))
    elif way < 0.2:
        (folder / "adapter_config.json").write_text(json.dumps(odd(choose)))
    else:
        damage(choose, choose.choice(sorted(folder.iterdir())))

    return lambda: initialised(folder)


def initialised(folder: Path) -> None:
    """Open a pre-trained encoder and cut texts for it."""
    import pyarrow as pa

    from plaudit.training.encoder_model import EncoderModel

    model = EncoderModel.initialise(folder, 1, seed=0)
    model.cut(pa.array(TEXTS[:3], pa.large_string()), 16, "head_tail")


CASES: dict[str, Case] = {
    "network": model_case,
    "ngram": model_case,
    "sets": model_case,
    "encoder": model_case,
    "pretrained": pretrained_case,
    "module": archive_case,
    "vectors": vectors_case,
    "arrow": arrow_case,
    "data": data_case,
    "report": report_case,
    "tables": tables_case,
}

# What is done first, with the good one, so that no case pays for what is imported and compiled then.
WARM: dict[str, Callable[[Path], None]] = {
    **dict.fromkeys(["network", "ngram", "sets", "encoder"], answered),
    "pretrained": initialised,
}


def prepare(folder: Path, kinds: list[str]) -> None:
    """Make a good one of each kind."""
    import numpy as np
    import pyarrow as pa

    from plaudit.embeddings import EmbeddingTable
    from plaudit.models import NetworkClassifier, NgramClassifier
    from plaudit.text import WordTokenizer

    good = folder / "good"
    good.mkdir()
    words = ["good", "fine", "joy", "warm", "bad", "dull", "cold", "grim", "film"]
    vectors = np.random.default_rng(7).normal(scale=0.5, size=(len(words) + 1, 4)).astype(np.float32)
    tiny = EmbeddingTable(
        "tiny", WordTokenizer(), pa.array(words, pa.large_string()), vectors, provenance={"source": "a"}
    )
    random_words = random.Random(0)
    texts = [" ".join(random_words.choices(words, k=6)) for _ in range(60)]
    labels = ["good" if "good" in text or "joy" in text else "bad" for text in texts]
    if "network" in kinds:
        NetworkClassifier(tiny, epochs=2, batch_size=16).fit(texts, labels).save(good / "network")
    if "ngram" in kinds:
        NgramClassifier(n_max=2, min_texts=1).fit(texts, labels).save(good / "ngram")
    if "sets" in kinds:
        sets = [[label, "film"] if "film" in text else [label] for text, label in zip(texts, labels, strict=True)]
        NetworkClassifier(tiny, epochs=2, batch_size=16).fit(texts, sets).save(good / "sets")
    if {"encoder", "pretrained"} & set(kinds):
        from encoders import make

        make(good / "pretrained", "bert")
        if "encoder" in kinds:
            from plaudit import EncoderClassifier

            settings: dict[str, Any] = {"max_tokens": 16, "batch_size": 8, "device": "cpu", "epochs": 1}
            EncoderClassifier(good / "pretrained", **settings).fit(texts, labels).save(good / "encoder")
    if "module" in kinds:
        from module_bytes import write_module

        write_module(good / "module")
    if "vectors" in kinds:
        (good / "vectors").mkdir()
        lines = [" ".join([f"word{i}", *(f"{(i + j) % 7 / 2:.1f}" for j in range(8))]) for i in range(300)]
        (good / "vectors" / "vectors.txt").write_text("\n".join([*lines, ""]))
    if "arrow" in kinds:
        (good / "arrow").mkdir()
        for compression in (None, "zstd", "lz4"):
            schema = pa.schema([pa.field("token", pa.large_string())])
            options = pa.ipc.IpcWriteOptions(compression=compression)
            tokens = pa.array(words + [f"w{i}" for i in range(500)], pa.large_string())
            with (
                pa.OSFile(str(good / "arrow" / f"{compression}"), "wb") as sink,
                pa.ipc.new_file(sink, schema, options=options) as writer,
            ):
                writer.write_batch(pa.record_batch([tokens], schema=schema))
    if "data" in kinds:
        import pyarrow.parquet as pq

        place = good / "data"
        place.mkdir()
        rows = list(zip(texts, labels, strict=True))
        (place / "a.csv").write_text("\n".join(["text,label", *(f'"{text}, x",{label}' for text, label in rows), ""]))
        (place / "b.tsv").write_text("\n".join(["text\tlabel", *(f"{text}\t{label}" for text, label in rows), ""]))
        (place / "c.jsonl").write_text(
            "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)
        )
        (place / "d.txt").write_text("".join(f"__label__{label} {text}\n" for text, label in rows))
        pq.write_table(pa.table({"text": texts, "label": labels}), place / "e.parquet")
    if "tables" in kinds:
        import sqlite3

        import pyarrow.feather
        from workbook import workbook

        place = good / "tables"
        place.mkdir()
        rows = list(zip(texts, labels, strict=True))
        (place / "a.xlsx").write_bytes(workbook({"one": [("text", "label"), *rows], "two": [("n",), (1.5,), (True,)]}))
        (place / "b.json").write_text(json.dumps([{"text": text, "label": label} for text, label in rows]))
        pyarrow.feather.write_feather(pa.table({"text": texts, "label": labels}), place / "c.arrow")
        database = sqlite3.connect(place / "d.sqlite")
        with database:
            database.execute("create table reviews (text, label)")
            database.executemany("insert into reviews values (?, ?)", rows)
        database.close()
    if "report" in kinds:
        import subprocess

        words_of = ["train", "sample", "--embedding", "random", "--epochs", "2", "-o", str(folder / "run")]
        subprocess.run([sys.executable, "-m", "plaudit", *words_of], check=True, capture_output=True)
        (good / "report").mkdir()
        shutil.copy(folder / "run" / "report.json", good / "report")
