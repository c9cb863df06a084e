"""Ten thousand hostile requests to `plaudit serve`: every one gets a clear error, nothing is lost, nothing leaks.

    .venv/bin/python benchmarks/hostile.py [MODEL] [--requests 10000]

Broken UTF-8, half surrogates, nulls, deep and cut JSON, wrong types, wrong lengths, broken tensors and files, no HTTP,
bodies of 100 MB with and without a length, bodies and heads that come by the byte, clients that leave. Beside
them a good request asks the same question over and over, and must always get the same answer. At the end the log must
hold no text, the server no body, and its memory must be about what it was after the first tenth.
"""

import argparse
import asyncio
import json
import random
import string
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from measured import Figures, table
from serving import Server, serving

SECRET = "zyzzogeton"  # in every text that is sent, and nowhere in the log
GOOD = json.dumps({"texts": [f"A warm and funny film. {SECRET}"]}).encode()
PATHS = ("/predict", "/explain", "/v1/models/model:predict", "/v2/models/model/infer", "/predict/file")
SLOW = 50  # of the requests come by the byte: each takes the server's whole patience
HUGE = 5  # have 100 MB
CONCURRENT = 32


class Kind:
    """A way to be hostile: its name, what makes its bytes of random choices, and the statuses that are right."""

    def __init__(self, name: str, make: Callable[[random.Random], bytes], *allowed: int) -> None:
        self.name, self.make, self.allowed = name, make, allowed


def post(body: bytes, path: str = "/predict", *headers: str, length: int | None = None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def noise(choose: random.Random, most: int = 400) -> bytes:
    return choose.randbytes(choose.randrange(1, most)) + SECRET.encode()


def broken_utf8(choose: random.Random) -> bytes:
    bad = choose.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"])
    return post(b'{"texts":["%s %s"]}' % (SECRET.encode(), bad), choose.choice(PATHS[:4]))


def half_pair(choose: random.Random) -> bytes:
    text = SECRET + choose.choice(["\\ud800", "\\udfff a", "\\ud83d\\ud83d", "\\uDC00"])
    body = f'{{"texts":["{text}"],"instances":["{text}"],"inputs":["{text}"]}}'
    return post(body.encode(), choose.choice(PATHS[:4]))


def with_nulls(choose: random.Random) -> bytes:
    """A null is a character like another: the text is scored."""
    return post(json.dumps({"texts": ["\0" * choose.randrange(1, 2000) + SECRET]}).encode())


def deep(choose: random.Random) -> bytes:
    n = choose.choice([300, 5_000, 200_000])
    start, end = choose.choice([("[", "]"), ('{"a":', "}"), ('{"texts":[', "]}")])
    return post((start * n + f'"{SECRET}"' + choose.choice(["", end * n])).encode(), choose.choice(PATHS[:4]))


def wrong_type(choose: random.Random) -> bytes:
    odd = choose.choice(
        ["1", "null", "NaN", "-Infinity", "1e999", "9" * 5000, "true", '"a"', "[[]]", "{}", "[1,2]", "[null]"]
    )
    name = choose.choice(["texts", "model", "label", "inputs", "instances", "id", "outputs"])
    return post(f'{{"{name}":{odd},"{SECRET}":1}}'.encode(), choose.choice(PATHS[:4]))


def cut_short(choose: random.Random) -> bytes:
    return post(GOOD[: choose.randrange(len(GOOD) - 1)], choose.choice(PATHS[:4]))


def garbage(choose: random.Random) -> bytes:
    return post(noise(choose), choose.choice(PATHS[:4]))


def garbage_file(choose: random.Random) -> bytes:
    start = choose.choice([b"", b"PK\x03\x04", b"\x1f\x8b", b"\xff\xfe", b'text\n"', b"a,b,c\n", b"text,text\n"])
    return post(start + noise(choose) + b"\xff", "/predict/file?format=" + choose.choice(["csv", "tsv", "xls"]))


def broken_tensor(choose: random.Random) -> bytes:
    tail = struct.pack("<I", choose.choice([0, 5, 2**31, 2**32 - 1])) + noise(choose, 20)
    size = choose.choice([len(tail) - 1, len(tail) + 1, 0, -1, 2**40])
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [tensor]}).encode()
    length = choose.choice([str(len(head)), "0", "99999999", "-1", "x", "1" * 400])
    return post(head + tail, PATHS[3], f"Inference-Header-Content-Length: {length}")


def too_much(choose: random.Random) -> bytes:
    texts = choose.choice([["a" * 100_001 + SECRET], [SECRET] * 10_001])
    return post(json.dumps({"texts": texts}).encode(), "/predict")


def odd_path(choose: random.Random) -> bytes:
    path = "/" + "".join(choose.choices("/%.~:;=&?#" + string.ascii_letters + "0123456789", k=choose.randrange(1, 200)))
    method = choose.choice(["GET", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "PROPFIND", SECRET])
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()


def no_http(choose: random.Random) -> bytes:
    return (
        choose.choice([b"\x16\x03\x01", b"\0", b"GET\r\n", b"GET / HTTP/9.9\r\n", b"POST /predict\r\n"])
        + noise(choose)
        + b"\r\n\r\n"
    )


def wrong_length(choose: random.Random) -> bytes:
    lines = choose.choice(["Content-Length: -1", "Content-Length: x", "Content-Length: 1\r\nContent-Length: 2",
                           "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: gzip"])  # fmt: skip
    return f"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n\r\n{SECRET}\r\n\r\n".encode()


def large_head(choose: random.Random) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: localhost\r\nX-%s: %s\r\n\r\n" % (
        SECRET.encode(),
        b"a" * choose.choice([70_000, 900_000]),
    )


def leaves(choose: random.Random) -> bytes:
    return post(GOOD[: choose.randrange(len(GOOD) - 1)], length=len(GOOD))


def wrong_framing(choose: random.Random) -> bytes:
    """Both lengths, odd chunks, names of hosts that are not the server's, a second request behind the first."""
    both = "Transfer-Encoding: chunked\r\nContent-Length: 5"
    size = choose.choice(["zz", "-1", "5;" + "a" * 9_000, "0x5", " 5", "5 \n"])
    host = choose.choice(["rebind.evil.example", "127.0.0.1.evil.example", "evil.example:80", "[::2]", "0.0.0.0"])
    head, body = choose.choice([
        (f"Host: localhost\r\n{both}", "0\r\n\r\n"),
        ("Host: localhost\r\nTransfer-Encoding: chunked", f"{size}\r\n{SECRET}\r\n0\r\n\r\n"),
        (f"Host: {host}\r\nContent-Length: 2", "{}"),
        ("Host: localhost\r\nHost: evil.example\r\nContent-Length: 2", "{}"),
        ("Host: localhost\r\nContent-Length: 2\r\nContent-Length: 3", "{}"),
        ("Host: localhost\r\nTransfer-Encoding : chunked", "0\r\n\r\n"),
        ("Host: localhost\r\nContent-Length: 2\r\n Folded: a", "{}"),
    ])  # fmt: skip
    behind = "GET /models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return f"POST /predict HTTP/1.1\r\n{head}\r\n\r\n{body}{behind}".encode()


def many_values(choose: random.Random) -> bytes:
    entry, path = choose.choice([('["a"]', 3), ("1", 0), ("{}", 2), ('""', 1), ("[]", 3)])
    n = choose.choice([40_000, 200_000])
    name = {0: "texts", 1: "texts", 2: "instances", 3: "inputs"}[path]
    value = ",".join([entry] * n)
    if path == 3:
        value = f'{{"name":"text","shape":[{n}],"datatype":"BYTES","data":[{value}]}}'
    return post(f'{{"{name}":[{value}]}}'.encode(), PATHS[(0, 0, 2, 3)[path]])


def wide_file(choose: random.Random) -> bytes:
    n = choose.choice([1_500, 50_000])
    return post(("text," + ",".join(f"c{i}" for i in range(n)) + "\na\n").encode(), PATHS[4])


KINDS = (
    Kind("broken UTF-8", broken_utf8, 400),
    Kind("half a surrogate pair", half_pair, 422),
    Kind("nulls (a text like others)", with_nulls, 200),
    Kind("deep JSON", deep, 400, 422),
    Kind("wrong types", wrong_type, 400, 422),
    Kind("JSON cut short", cut_short, 400),
    Kind("noise as JSON", garbage, 400),
    Kind("noise as a file", garbage_file, 200, 422),  # 200 where a row can be read: its reason says what is wrong
    Kind("broken tensors", broken_tensor, 400, 422),
    Kind("too long, too many", too_much, 422),
    Kind("odd paths and methods", odd_path, 200, 400, 404, 405),
    Kind("no HTTP", no_http, 400),
    Kind("wrong lengths", wrong_length, 400, 501),
    Kind("large heads", large_head, 400, 431),
    Kind("wrong framing, other hosts", wrong_framing, 400, 408, 421, 422),
    Kind("more values than texts", many_values, 422),
    Kind("files of too many columns", wide_file, 422),
    Kind("leaves in the middle", leaves),
)


async def send(port: int, data: bytes, *, leave: bool = False, pause_s: float = 0) -> bytes:
    """Send bytes, all at once or (a body, or a head alone) one by one, and return all that is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(reader.read())
    head, mark, body = data.partition(b"\r\n\r\n")
    at_once, slowly = (data, b"") if not pause_s else (head + mark, body) if body else (b"", data)
    try:
        writer.write(at_once)
        for byte in slowly:
            writer.write(bytes([byte]))
            await asyncio.sleep(pause_s)
            if answer.done():
                break
        await writer.drain()
        if leave:
            return b""
        return await asyncio.wait_for(answer, 120)
    finally:
        answer.cancel()
        writer.close()


async def send_100_mb(port: int, *, with_length: bool) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    n, part = 100, b" " * 2**20
    if with_length:
        writer.write(post(b"", length=n * len(part)))
    else:
        writer.write(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
    for _ in range(n):
        writer.write(part if with_length else b"%x\r\n%s\r\n" % (len(part), part))
        await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


def verdict(kind: Kind, answer: bytes) -> str | None:
    """Return what is wrong with an answer; None when it is as it should be."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not kind.allowed:
        return None
    if not head.startswith(b"HTTP/1.1 "):
        return f"no answer: {answer[:80]!r}"
    status = int(head.split(b" ", 2)[1])
    if status not in kind.allowed:
        return f"{status}: {body[:200]!r}"
    if status >= 400 and not isinstance(json.loads(body).get("error"), str):
        return f"no error in words: {body[:200]!r}"
    return None


def is_same(one: bytes, other: bytes) -> bool:
    """Say whether two answers agree; the last digits of float32 may depend on what a text was scored with."""
    first, second = (json.loads(answer.partition(b"\r\n\r\n")[2]).get("predictions") for answer in (one, other))
    if not first or not second or first[0]["label"] != second[0]["label"]:
        return False
    return all(abs(p - second[0]["probabilities"][name]) < 1e-5 for name, p in first[0]["probabilities"].items())


async def attack(server: Server, n: int) -> tuple[Counter[str], list[str], float]:
    """Send `n` hostile requests; return how many of each kind, what was wrong, and memory after the first tenth."""
    choose, sent, wrong = random.Random(0), Counter[str](), list[str]()
    places, done, early = asyncio.Semaphore(CONCURRENT), 0, 0.0
    expected = await send(server.port, post(GOOD))
    stop = asyncio.Event()
    asked = 0

    async def good() -> None:
        nonlocal asked
        while not stop.is_set():
            answer = await send(server.port, post(GOOD))
            asked += 1
            if not is_same(answer, expected):
                wrong.append(f"a good request got {answer[:200]!r}")
            await asyncio.sleep(0.02)

    async def one(kind: Kind, data: bytes, pause_s: float = 0) -> None:
        nonlocal done, early
        async with places:
            try:
                answer = await send(server.port, data, leave=not kind.allowed, pause_s=pause_s)
            except (OSError, TimeoutError) as error:
                wrong.append(f"{kind.name}: {type(error).__name__} {error} for {data[:100]!r}")
            else:
                if problem := verdict(kind, answer):
                    wrong.append(f"{kind.name}: {problem} for {data[:300]!r}")
            sent[kind.name] += 1
            done += 1
            if done == max(1, n // 10):
                early = server.memory_mib()

    beside = asyncio.create_task(good())
    slow_ones = min(SLOW, n // 10)
    by_byte = [Kind("heads by the byte", large_head, 408)]
    if n >= 1_000:  # a body has half a minute to arrive, a head ten seconds
        by_byte.append(Kind("bodies by the byte", leaves, 408))
    slow = [
        asyncio.create_task(one(kind, kind.make(choose)[:400], pause_s=0.8))
        for kind in (by_byte[i % len(by_byte)] for i in range(slow_ones))
    ]
    places = asyncio.Semaphore(CONCURRENT + slow_ones)
    for start in range(0, n - slow_ones - HUGE, 500):
        count = min(500, n - slow_ones - HUGE - start)
        await asyncio.gather(*(one(kind, kind.make(choose)) for kind in choose.choices(KINDS, k=count)))
    huge = Kind("100 MB", leaves, 413)
    for i in range(HUGE):
        problem = verdict(huge, await send_100_mb(server.port, with_length=bool(i % 2)))
        sent[huge.name] += 1
        if problem:
            wrong.append(f"100 MB: {problem}")
    await asyncio.gather(*slow)
    stop.set()
    await beside
    sent["good ones beside them"] = asked
    return sent, wrong, early


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="a model's folder; else n-grams of the built-in sample")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--dry", action="store_true", help="few of them, to see that it runs")
    parser.add_argument("--output", type=Path, default=Path("results/hostile.json"))
    given = parser.parse_args()
    with serving(given.model) as server:
        sent, wrong, early = asyncio.run(attack(server, 300 if given.dry else given.requests))
        late = server.memory_mib()
        held = next(line for line in server.get("/metrics").splitlines() if line.startswith("plaudit_held_bytes"))
        log = server.log.read_text(encoding="utf-8")
    wrong += [] if held.endswith(" 0.0") else [f"bodies are still held: {held}"]
    wrong += [f"the log holds a text: {line[:300]}" for line in log.splitlines() if SECRET in line][:3]
    wrong += [
        f"a fault in the log: {line[:400]}" for line in log.splitlines() if '"fault"' in line or "Traceback" in line
    ][:5]
    rows = [[name, f"{n:,}"] for name, n in sent.most_common()]
    print(table(["what was sent", "requests"], rows))
    print(f"wrong answers, faults and leaks: {len(wrong)}")
    print(f"resident memory: {early:,.0f} MiB after the first tenth, {late:,.0f} MiB at the end")
    Figures(given.output).put("hostile", {"sent": dict(sent), "wrong": wrong, "early MiB": early, "late MiB": late})
    if wrong:
        raise SystemExit("\n".join(wrong[:20]))


if __name__ == "__main__":
    main()
