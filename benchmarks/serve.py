"""How fast, how loaded, how large: `plaudit serve` under load from another process on the same machine.

    .venv/bin/python benchmarks/serve.py [MODEL] [--seconds 30] [--connections 1 8 64] [--workers 1]
    .venv/bin/python benchmarks/serve.py [MODEL] --overload
    .venv/bin/python benchmarks/serve.py [MODEL] --texts 1000000
    .venv/bin/python benchmarks/serve.py [MODEL] --requests 1000000 [--seconds 3600]

The client is this process, so it takes processor time from the server. A connection sends its next request when it has
the answer to the last one; with --overload requests come at a fixed rate, whatever is answered.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measured import Figures, machine, table
from serving import Server, review_texts, serving

from plaudit.data import load_dataset

OVERLOAD_TEXTS = 50  # in a request: so that scoring is what is short, not this client
MEMORY_TEXTS = 1000
SOAK_STEPS = 20


class Found:
    """Latencies of what was answered with 200, in milliseconds, and how many had which status; "lost" has none."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()

    def percentile(self, q: float) -> float:
        return float(np.percentile(self.latencies, q)) if self.latencies else float("nan")

    def errors(self) -> int:
        return sum(n for status, n in self.statuses.items() if status != "200")


def request(texts: list[str]) -> bytes:
    body = json.dumps({"texts": texts}).encode()
    return b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> str:
    """Send a request on an open connection and return the status of its answer."""
    writer.write(data)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return head.split(b" ", 2)[1].decode()


async def connection(port: int, requests: Iterator[bytes], until: float, found: Found) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    while time.perf_counter() < until:
        start = time.perf_counter()
        try:
            status = await ask(reader, writer, next(requests))
        except StopIteration:
            break
        except (OSError, EOFError):
            found.statuses["lost"] += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
            continue
        found.statuses[status] += 1
        if status == "200":
            found.latencies.append(1000 * (time.perf_counter() - start))
    writer.close()


async def closed_loop(port: int, n: int, seconds: float, requests: Iterator[bytes]) -> tuple[Found, float]:
    """Return what `n` connections found, and how long it took."""
    found, start = Found(), time.perf_counter()
    await asyncio.gather(*(connection(port, requests, start + seconds, found) for _ in range(n)))
    return found, time.perf_counter() - start


async def open_loop(port: int, rate: float, seconds: float, requests: Iterator[bytes]) -> Found:
    """Send `rate` requests a second for so long, each when it is due, on connections that are used again."""
    found, idle, tasks = Found(), [], set()

    async def one(data: bytes) -> None:
        start = time.perf_counter()
        try:
            pair = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port, limit=2**24)
            status = await ask(*pair, data)
            idle.append(pair)
        except (OSError, EOFError):
            status = "lost"
        found.statuses[status] += 1
        if status == "200":
            found.latencies.append(1000 * (time.perf_counter() - start))

    start = time.perf_counter()
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + i / rate - time.perf_counter()))
        task = asyncio.create_task(one(next(requests)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for _, writer in idle:
        writer.close()
    return found


def load(server: Server, connections: list[int], seconds: float, figures: Figures) -> None:
    requests = itertools.cycle([request([text]) for text in review_texts()])
    rows = []
    asyncio.run(closed_loop(server.port, 1, min(2, seconds), requests))
    for n in connections:
        found, took = asyncio.run(closed_loop(server.port, n, seconds, requests))
        rate, p50, p99 = len(found.latencies) / took, found.percentile(50), found.percentile(99)
        rows.append([str(n), f"{rate:,.0f}", f"{p50:.1f}", f"{p99:.1f}", str(found.errors())])
        kept = {"requests a second": rate, "p50 ms": p50, "p99 ms": p99, "statuses": dict(found.statuses)}
        figures.put(f"{n} connections", kept)
    print(table(["connections", "requests a second", "p50, ms", "p99, ms", "errors"], rows))


def overload(server: Server, seconds: float, figures: Figures) -> None:
    texts = review_texts()
    bodies = [request(texts[i : i + OVERLOAD_TEXTS]) for i in range(0, len(texts) - OVERLOAD_TEXTS, 7)] or [
        request(texts)
    ]
    requests = itertools.cycle(bodies)
    before, took = asyncio.run(closed_loop(server.port, 8, seconds, requests))
    capacity = len(before.latencies) / took
    during = asyncio.run(open_loop(server.port, 4 * capacity, seconds, requests))
    after, took = asyncio.run(closed_loop(server.port, 8, seconds, requests))
    total = sum(during.statuses.values())
    shed = during.statuses["503"] + during.statuses["429"]
    rows = [
        [name, f"{rate:,.0f}", share, f"{found.percentile(50):.0f}", f"{found.percentile(99):.0f}"]
        for name, found, rate, share in (
            ("before, 8 connections", before, capacity, "0"),
            ("at 4 times that", during, len(during.latencies) / seconds, f"{100 * shed / total:.0f}"),
            ("after, 8 connections", after, len(after.latencies) / took, "0"),
        )
    ]
    print(table(["", "answered a second", "shed, %", "p50, ms", "p99, ms"], rows))
    print(f"statuses: before {dict(before.statuses)}, during {dict(during.statuses)}, after {dict(after.statuses)}")
    figures.put("overload", {"capacity": capacity, "during": dict(during.statuses), "after": dict(after.statuses)})


def soak(server: Server, n_requests: int, connections: int, seconds: float, figures: Figures) -> None:
    """Send so many requests of one short text each, at most so long, and print memory as they go."""
    texts = load_dataset("sample").train.texts.to_pylist()
    requests = itertools.cycle([request([text[:200]]) for text in texts])
    until, sent, rows = time.perf_counter() + seconds, 0, list[list[str]]()
    statuses: Counter[str] = Counter()
    part = max(1, n_requests // SOAK_STEPS)
    while sent < n_requests and time.perf_counter() < until:
        found, _ = asyncio.run(
            closed_loop(server.port, connections, until - time.perf_counter(), itertools.islice(requests, part))
        )
        statuses += found.statuses
        sent += found.statuses.total()
        rows.append([f"{sent:,}", f"{server.memory_mib():,.0f}"])
        print(*rows[-1], dict(statuses), file=sys.stderr, flush=True)
    print(table(["requests", "resident memory, MiB"], rows))
    print(f"statuses: {dict(statuses)}")
    figures.put("soak", {"memory": dict(rows), "statuses": dict(statuses)})
    if set(statuses) != {"200"}:
        raise SystemExit(1)


def memory(server: Server, n_texts: int, figures: Figures) -> None:
    texts = review_texts()
    many = [texts[i % len(texts)] for i in range(MEMORY_TEXTS + 13)]
    bodies = [request(many[i : i + MEMORY_TEXTS]) for i in range(13)]
    rows = []
    steps = 10
    for step in range(steps + 1):
        rows.append([f"{step * n_texts // steps:,}", f"{server.memory_mib():,.0f}"])
        if step < steps:
            n = max(1, n_texts // steps // MEMORY_TEXTS)
            found, _ = asyncio.run(closed_loop(server.port, 4, 3600, itertools.islice(itertools.cycle(bodies), n)))
            if found.errors():
                raise SystemExit(f"errors: {found.statuses}")
    print(table(["texts", "resident memory, MiB"], rows))
    figures.put("memory", dict(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="a model's folder; else n-grams of the built-in sample")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--workers", default="1")
    parser.add_argument("--overload", action="store_true", help="four times what it can do, and after")
    parser.add_argument("--texts", type=int, help="memory over so many texts")
    parser.add_argument("--requests", type=int, help="memory over so many requests of a text each")
    parser.add_argument("--dry", action="store_true", help="a second each, to see that it runs")
    parser.add_argument("--output", type=Path, default=Path("results/serve.json"))
    given = parser.parse_args()
    seconds = 1 if given.dry else given.seconds
    print(f"{machine()}, shared with the client\n")
    more = ("--queue", "32", "--per-client", "10000") if given.overload else ()
    with serving(given.model, "--workers", given.workers, *more) as server:
        figures = Figures(given.output)
        if given.overload:
            overload(server, seconds, figures)
        elif given.requests:
            n, most_s = (400, 600) if given.dry else (given.requests, given.seconds)
            soak(server, n, given.connections[-1], most_s, figures)
        elif given.texts:
            memory(server, 20_000 if given.dry else given.texts, figures)
        else:
            load(server, given.connections, seconds, figures)


if __name__ == "__main__":
    main()
