"""`plaudit serve` as a process: it starts, says where, stops when told, and outlives a worker that is killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

httpx = pytest.importorskip("httpx", reason="needs the extra serve-tests")
pytest.importorskip("uvicorn", reason="needs the extra serve")
psutil = pytest.importorskip("psutil", reason="looks at the server's processes")

Command = Callable[..., Any]
SECRET = "zyzzogeton"


@contextmanager
def server(
    *words: str | Path, environment: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `plaudit serve` on a free port; give the process, and where it serves."""
    command = [sys.executable, "-W", "error", "-m", "plaudit", "serve", *map(str, words), "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, (line, process.communicate(timeout=20))
        until_ready(found[0])
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def until_ready(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}/v2/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "the server is not ready"
        time.sleep(0.1)


def predict(url: str, *texts: str, **more: Any) -> Any:
    return httpx.post(f"{url}/predict", json={"texts": texts}, timeout=30, **more)


def test_it_serves_and_stops_and_its_log_holds_no_text(sample_model: Path) -> None:
    with server(f"films={sample_model}") as (process, url):
        answer = predict(url, f"a joy {SECRET}", headers={"X-Request-ID": "mine-1"})
        assert (answer.status_code, answer.json()["model"]) == (200, "films")
        assert answer.headers["x-request-id"] == "mine-1"
        assert predict(url, headers={"X-Request-ID": "a b"}).headers["x-request-id"] != "a b"
        httpx.post(f"{url}/predict", content=f'{{"{SECRET}": 1, "texts": []}}')
        httpx.post(f"{url}/predict/file?text_column={SECRET}", content=f"text\n{SECRET}\n")
        httpx.get(f"{url}/{SECRET}")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert SECRET not in errors
    mine = next(line for line in lines if line.get("request_id") == "mine-1")
    assert {**mine, "time": "", "milliseconds": 0} == {
        "time": "", "level": "info", "event": "request", "request_id": "mine-1", "method": "POST",
        "route": "/predict", "status": 200, "milliseconds": 0, "texts": 1,
    }  # fmt: skip
    assert [line["status"] for line in lines if line["event"] == "request"][-3:] == [422, 422, 404]


def test_what_was_taken_is_finished_when_it_is_told_to_stop(sample_model: Path) -> None:
    with server(f"films={sample_model}") as (process, url):
        answers: list[Any] = []
        texts = ["a warm film, a joy to see"] * 10_000
        asking = [threading.Thread(target=lambda: answers.append(predict(url, *texts))) for _ in range(3)]
        for thread in asking:
            thread.start()
        until = time.monotonic() + 60
        while "plaudit_held_bytes 0.0" in httpx.get(f"{url}/metrics").text:
            assert time.monotonic() < until
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        for thread in asking:
            thread.join()
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [len(answer.json()["predictions"]) for answer in answers] == [10_000] * 3


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(sample_model: Path) -> None:
    with server(f"films={sample_model}", "--workers", "2") as (process, url):
        workers = until_workers(process.pid, 2)
        failed = 0
        for turn in range(30):
            if turn == 5:
                os.kill(workers[0], signal.SIGKILL)
            try:
                assert predict(url, "a joy").status_code == 200
            except httpx.TransportError:  # what the killed worker held, and nothing after
                failed += 1
            time.sleep(0.05)
        assert failed <= 1
        again = until_workers(process.pid, 2)
        assert workers[1] in again
        assert workers[0] not in again
        until_ready(url)
        text = httpx.get(f"{url}/metrics").text
        counted = re.search(r'plaudit_requests_total\{method="POST",route="/predict",status="200"\} (\d+)', text)
        assert counted is not None
        assert int(counted[1]) == 30 - failed  # of all workers, the dead one's included
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0


def until_workers(parent: int, n: int) -> list[int]:
    """Return the process numbers of `n` workers, oldest first."""
    until = time.monotonic() + 60
    while True:
        found = [
            child for child in psutil.Process(parent).children()
            if child.status() != psutil.STATUS_ZOMBIE and "spawn_main" in " ".join(child.cmdline())
        ]  # fmt: skip
        if len(found) == n:
            return [child.pid for child in found]
        assert time.monotonic() < until, found
        time.sleep(0.1)


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(sample_model: Path) -> None:
    with server(f"films={sample_model}", "--workers", "2") as (process, _):
        workers = until_workers(process.pid, 2)
        process.kill()
        process.wait()
        until = time.monotonic() + 60
        while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in workers):
            assert time.monotonic() < until, "a worker lives on"
            time.sleep(0.1)


def test_keys_come_from_a_file_and_the_environment(sample_model: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("# whose\nkey-of-the-first-client\n\n", encoding="utf-8")
    environment = {"PLAUDIT_API_KEY": "key-of-the-second-client"}
    with server(f"films={sample_model}", "--api-key-file", tmp_path / "keys", environment=environment) as (_, url):
        assert predict(url, "a").status_code == 401
        for name in ("first", "second"):
            assert predict(url, "a", headers={"X-API-Key": f"key-of-the-{name}-client"}).status_code == 200


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("missing",), "missing does not exist"),
        ((".",), "is not a model: it holds no model.json"),
        (("MODEL", "MODEL"), "two models are named 'model'"),
        (("MODEL", "--host", "no such host"), "cannot listen there"),
        (("MODEL", "--host", "192.0.2.1"), "cannot listen there"),
        (("MODEL", "--api-key-file", "none"), "none: the API keys cannot be read"),
        (("MODEL", "--api-key-file", "empty"), "empty: no API key; expected one a line"),
        (("MODEL", "--api-key-file", "short"), "an API key has 5 characters; expected 16 or more"),
        (("MODEL", "--max-body", "999999999"), "lower --max-body"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    command: Command, sample_model: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty").write_text("\n# none\n", encoding="utf-8")
    (tmp_path / "short").write_text("short\n", encoding="utf-8")
    done = command("serve", *(sample_model if word == "MODEL" else word for word in words), "--port", "0", code=2)
    assert message in done.err


def test_a_port_in_use_is_one_line(command: Command, sample_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("serve", sample_model, "--port", port, code=2)
    assert f"--host 127.0.0.1 --port {port}: cannot listen there (Address already in use)" in done.err


def test_without_the_extra_it_says_what_to_install(
    command: Command, sample_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install 'plaudit[serve]'" in command("serve", sample_model, code=2).err


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Asyncio turns Nagle's algorithm off only on sockets whose protocol is named; else an answer takes 40 ms more."""
    from plaudit.app.serve import _listen

    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
