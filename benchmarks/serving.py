"""What serve.py and hostile.py share: a server of `plaudit serve` as a process, on the loopback address alone."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plaudit.data import load_dataset


@dataclass
class Server:
    """A server that runs: its process, its port, and the file of its log."""

    process: "subprocess.Popen[str]"
    port: int
    log: Path

    def kill(self) -> None:
        """End the process and its workers at once."""
        for pid in [*children(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGKILL)

    def memory_mib(self) -> float:
        """Return the resident memory of the process and its workers."""
        pids = [self.process.pid, *children(self.process.pid)]
        return sum(resident_kib(pid) for pid in pids) / 1024

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return str(answer.read().decode())


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


@contextmanager
def serving(model: str | None, *options: str) -> Iterator[Server]:
    """Serve a model folder, or n-grams of the built-in sample, until the block ends; it must then stop by itself."""
    with tempfile.TemporaryDirectory() as folder:
        if model is None:
            model = f"{folder}/sample"
            train = [sys.executable, "-m", "plaudit", "train", "sample", "--recipe", "ngram", "-o", model]
            subprocess.run(train, check=True, capture_output=True)
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "plaudit", "serve", f"model={model}", "--port", "0", *options]
        with log.open("w") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ)
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise SystemExit(f"the server did not start: {line}{log.read_text()}")
        server = Server(process, int(found[1]), log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                server.get("/v2/health/ready")
                break
            except OSError:
                time.sleep(0.1)
        try:
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            if process.wait(60) not in (0, -signal.SIGKILL):
                print(f"the server ended with {process.returncode}")


def review_texts() -> list[str]:
    """Return the built-in sample's texts, four in one: about as long as a movie review."""
    texts = load_dataset("sample").train.texts.to_pylist()
    return [" ".join(texts[i : i + 4]) for i in range(0, len(texts) - 4, 4)]
