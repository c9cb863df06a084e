"""What others send, and what lies in folders of others, costs little; and the server ends when it is told to."""

import asyncio
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from serving import Running, error_of, serving, status_of

import plaudit
from plaudit.budget import current
from plaudit.errors import LimitError, ModelError
from plaudit.models.answers import records
from plaudit.models.artifact import MANIFEST
from plaudit.server.journal import Journal
from plaudit.server.json_values import has_more_values
from plaudit.server.metrics import ServerMetrics
from plaudit.server.refusals import Refusal
from plaudit.server.served_model import ServedModel
from plaudit.server.settings import Limits
from plaudit.server.workroom import Workroom

NAMES = ("localhost", "127.0.0.1", "[::1]")


@pytest.fixture(scope="module")
def private(folders: dict[str, Path]) -> Iterator[Running]:
    """A server as it is on the loopback address, without keys."""
    with serving({"reviews": folders["reviews"]}, hosts=NAMES) as server:
        yield server


@pytest.mark.parametrize(
    "host", ["rebind.evil.example", "evil.example:8000", "localhost.evil.example", "", "0", "[::2]"]
)
@pytest.mark.parametrize("path", ["/models", "/predict", "/", "/v2/health/live", "/metrics"])
def test_another_name_than_the_servers_own_is_refused(private: Running, host: str, path: str) -> None:
    answer = private.raw(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert status_of(answer) == 421
    assert "--allowed-host" in error_of(answer)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:1", "localhost."])
def test_the_servers_own_names_are_answered(private: Running, host: str) -> None:
    answer = private.raw(f"GET /models HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert status_of(answer) == 200


def test_no_answer_is_taken_for_a_page(private: Running) -> None:
    answers = [
        private.http.get("/models"),
        private.http.post("/predict", json={"texts": ["joy"]}),
        private.http.post("/predict", content="no JSON"),
        private.http.get("/nothing"),
        private.http.post("/predict/file", content=b"text\njoy\n"),
        private.http.get("/"),
    ]
    assert [each.headers.get_list("x-content-type-options") for each in answers] == [["nosniff"]] * len(answers)
    assert b"nosniff" in private.raw(b"no HTTP\r\n\r\n").lower()


def test_lengths_that_contradict_each_other_end_the_connection(private: Running) -> None:
    """RFC 9112, 6.1: what follows could be another request, or the rest of this one."""
    smuggled = b"GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = private.raw(
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n" + smuggled
    )
    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("size", [b"zz", b"-1", b" 5"])
def test_a_broken_chunk_is_answered_once_and_is_no_fault(
    private: Running, size: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = private.raw(head + size + b"\r\n{}\r\n0\r\n\r\n")
    assert (status_of(answer), answer.count(b"HTTP/1.1 4")) == (400, 1)
    time.sleep(0.2)
    assert not [record for record in caplog.records if record.exc_info or getattr(record, "fault", None)]


def test_a_body_in_very_many_small_chunks_is_refused_early(private: Running) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    text = b'{"texts": ["' + b"a" * 1_000 + b'"]}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in text)
    assert (
        status_of(private.raw(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + chunks + b"0\r\n\r\n"))
        == 200
    )
    start = time.process_time()
    answer = private.raw(head + b"1\r\n \r\n" * 150_000)
    assert (status_of(answer), error_of(answer)) == (400, "the body comes in too many small chunks; send it whole.")
    assert time.process_time() - start < 2


LISTS = (
    b'{"inputs":[{"name":"text","shape":[1500000],"datatype":"BYTES","data":[' + b'["a"],' * 1_499_999 + b'["a"]]}]}'
)


def test_large_bodies_that_are_refused_hold_nobody_else(private: Running) -> None:
    assert len(LISTS) > 9_000_000
    head = "POST /v2/models/reviews/infer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    data = f"{head}Content-Length: {len(LISTS)}\r\n\r\n".encode() + LISTS
    answers: list[bytes] = []
    clients = [threading.Thread(target=lambda: answers.append(private.raw(data))) for _ in range(4)]
    for client in clients:
        client.start()
    longest = 0.0
    while any(client.is_alive() for client in clients):
        start = time.process_time()  # of this process, which is the server's too: a busy machine adds nothing to it
        assert private.http.get("/v2/health/live").status_code == 200
        longest = max(longest, time.process_time() - start)
    assert [status_of(answer) for answer in answers] == [422] * 4
    assert {error_of(answer) for answer in answers} == {
        "more texts and other values than a request may have; at most 10,000 texts are accepted."
    }
    assert longest < 1.0


@pytest.mark.parametrize(
    ("body", "n"),
    [
        (b'{"texts": ["a, [b", "c\\", {", "d\\\\"], "model": [1, {"x": 2}]}', 8),
        (b'"' + b"\\" * 2_097_152 + b'", [1,', 3),
        (b'["' + b"\\" * 1_048_574 + b'\\", [", 1', 2),
        (b"", 0),
        (b"[" * 3_000_000, 3_000_000),
    ],
)
def test_values_are_counted_outside_strings_and_across_parts(body: bytes, n: int) -> None:
    assert not has_more_values(body, n)
    assert n == 0 or has_more_values(body, n - 1)


def test_millions_of_empty_texts_in_a_binary_tensor_are_refused_early(private: Running) -> None:
    tail = struct.pack("<I", 0) * 2_400_000
    tensor = {"name": "text", "shape": [2_400_000], "datatype": "BYTES", "parameters": {"binary_data_size": len(tail)}}
    head = json.dumps({"inputs": [tensor]}).encode()
    start = time.process_time()
    refused = private.http.post(
        "/v2/models/reviews/infer", content=head + tail, headers={"Inference-Header-Content-Length": str(len(head))}
    )
    assert (refused.status_code, "more than 10,000 texts" in refused.json()["error"]) == (422, True)
    assert time.process_time() - start < 3


WIDE = ("text," + ",".join(f"c{i}" for i in range(50_000)) + "\njoy" + "," * 50_000 + "\n").encode()


def test_a_header_of_fifty_thousand_names_is_refused_at_once(private: Running) -> None:
    start = time.process_time()
    refused = private.http.post("/predict/file", content=WIDE)
    assert (refused.status_code, "50,001 columns; at most 1,000" in refused.json()["error"]) == (422, True)
    assert "PLAUDIT_LIMITS" not in refused.text
    for _ in range(8):
        with socket.create_connection(("127.0.0.1", private.port)) as left:
            left.sendall(b"POST /predict/file HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(WIDE))
            left.sendall(WIDE)
    assert private.http.post("/predict/file", content=b"text\njoy\n").status_code == 200
    assert time.process_time() - start < 10


@pytest.mark.parametrize("route", ["/predict/file", "/predict"])
def test_work_is_given_up_when_its_client_leaves(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    from plaudit.server import files

    begun, seen = threading.Event(), list[str]()

    def reading(*_: object, **__: object) -> None:
        begun.set()
        budget, until = current(), time.monotonic() + 60
        try:
            while time.monotonic() < until:
                budget.check_time("the file")
                time.sleep(0.01)
        except LimitError as error:
            seen.append(error.limit)
            raise

    monkeypatch.setattr(files, "BatchReader", reading)
    model = Slow("reviews", folders["reviews"])
    with serving([model]) as server:
        body = b"text\njoy\n" if route == "/predict/file" else b'{"texts":["joy"]}'
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                f"POST {route} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            assert (begun if route == "/predict/file" else model.entered).wait(60)
            time.sleep(0.2)
        until = time.monotonic() + 60
        while 'status="499"' not in server.http.get("/metrics").text:
            assert time.monotonic() < until, "the work goes on for nobody"
            time.sleep(0.05)
        model.go.set()
        assert server.service.metrics.held._value.get() == 0
    until = time.monotonic() + 60
    while route == "/predict/file" and seen != ["cancelled"]:
        assert time.monotonic() < until, seen
        time.sleep(0.02)


def test_answers_that_would_be_larger_than_an_answer_may_be_are_refused(folders: dict[str, Path]) -> None:
    """A model of thousands of classes, or of names without end: each text takes all of them."""
    with serving({"reviews": folders["reviews"]}) as server:
        loaded = server.service.find("reviews")
        assert loaded.answer_bytes == sum(len(name) + 24 for name in loaded.classifier.class_names)
        loaded.__dict__["answer_bytes"] = 2**24
        for path, body, name in (
            ("/predict", {"texts": ["joy"] * 3}, "texts"),
            ("/explain", {"texts": ["joy"] * 3}, "texts"),
            ("/v1/models/reviews:predict", {"instances": ["joy"] * 3}, "instances"),
        ):
            refused = server.http.post(path, json=body)
            assert refused.status_code == 422
            assert refused.json()["error"].startswith(
                "3 texts in a request; of a model with so many classes at most 2 "
            )
            assert server.http.post(path, json={name: ["joy"]}).status_code == 200
        with pytest.raises(Refusal, match="422"):
            server.service.check_file(loaded, 2**25 // len(loaded.classifier.class_names) + 1)


def test_large_answers_are_written_off_the_loop_and_are_the_same(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set[str]()

    def written(*given: Any) -> Any:
        threads.add(threading.current_thread().name)
        return records(*given)

    monkeypatch.setattr("plaudit.server.routes_plain.records", written)
    with serving({"reviews": folders["reviews"]}) as server:
        one = server.predict("a joy", "grim film")["predictions"]
        assert "plaudit-writes" not in threads
        threads.clear()
        labels = [each["label"] for each in server.predict(*["a joy", "grim film"] * 2_000)["predictions"]]
        assert labels == [each["label"] for each in one] * 2_000
        assert threads == {"plaudit-writes"}


def test_a_row_too_long_for_the_server_is_told_the_servers_bound(private: Running) -> None:
    answer = private.http.post("/predict/file", content=b'text\n"' + b"a " * 2_200_000 + b'"\njoy\n').text
    assert "longer than 4 MiB" in answer


def test_a_files_time_is_over_when_it_is(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from plaudit.server import files

    monkeypatch.setattr(files, "read_rows", lambda *_, **__: time.sleep(3))
    with serving({"reviews": folders["reviews"]}, replace(Limits(), file_timeout_s=0.3)) as server:
        late = server.http.post("/predict/file", content=b"text\njoy\n")
        assert (late.status_code, "no answer within 0.3 seconds" in late.json()["error"]) == (504, True)


class Slow(ServedModel):
    """A model whose answers wait until they are let go, except for the first ones, which warm it up."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.go, self.entered = threading.Event(), threading.Event()

    def load(self) -> Any:
        loaded = super().load()
        score = loaded.classifier.logits

        def waiting(texts: object) -> Any:
            self.entered.set()
            assert self.go.wait(30)
            return score(texts)

        loaded.classifier.logits = waiting  # type: ignore[method-assign]
        return loaded


STUCK = """
import sys, time
from plaudit.server import files
from plaudit.server.served_model import ServedModel
files.read_rows = ServedModel.poll = lambda *given, **more: time.sleep(10_000)
from plaudit.app.cli import main
main()
"""


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_stop_does_not_wait_for_threads_that_never_end(folders: dict[str, Path], workers: int) -> None:
    """One reads a file, one looks at the model's folder."""
    words = ["serve", f"m={folders['reviews']}", "--port", "0", "--grace", "1", "--workers", str(workers)]
    code = STUCK if workers == 1 else STUCK.replace("main()", "if __name__ == '__main__': main()")
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found is not None
        body = b"text\njoy\n"
        time.sleep(2 * workers)
        with socket.create_connection(("127.0.0.1", int(found[1]))) as connection:
            connection.sendall(b"POST /predict/file HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n" + body)
            time.sleep(1.5)  # a look each second
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=90)  # 1 s of grace and 5 more; the rest is for a busy machine
            assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_a_stop_does_not_wait_for_a_client_that_reads_nothing() -> None:
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    async def cancelled() -> float:
        scope = {"type": "http", "method": "GET", "headers": []}
        task = asyncio.create_task(Journal(never, ServerMetrics())(scope, never, never))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        task.cancel()
        start = time.monotonic()
        await asyncio.wait([task], timeout=20)
        return time.monotonic() - start

    assert asyncio.run(cancelled()) < 10


def test_work_without_a_thread_is_refused_and_done_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    async def works() -> int:
        room = Workroom(1, name="tests")
        with monkeypatch.context() as without:
            without.setattr(threading.Thread, "start", refuse)
            with pytest.raises(Refusal, match="503"):
                await room.run(int)
        found = await asyncio.wait_for(room.run(lambda: 7), 30)
        room.close()
        return found

    assert asyncio.run(works()) == 7


def test_a_manifest_that_is_a_pipe_is_not_waited_for(folders: dict[str, Path], tmp_path: Path) -> None:
    place = Path(shutil.copytree(folders["reviews"], tmp_path / "m"))
    (place / MANIFEST).unlink()
    os.mkfifo(place / MANIFEST)
    with pytest.raises(ModelError, match="not a plain file"):
        ServedModel("m", place).load()


@pytest.mark.parametrize("error", [RuntimeError("odd"), RecursionError(), AttributeError("F8"), SystemError()])
def test_the_watch_outlives_whatever_a_folder_makes_go_wrong(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    load, failed = plaudit.load, threading.Event()

    def loading(path: Path) -> Any:
        if failed.is_set():
            return load(path)
        failed.set()
        raise error

    monkeypatch.setattr("plaudit.server.served_model.load", loading)
    model = ServedModel("reviews", folders["reviews"])
    assert model.poll() is None
    model._next_try = 0
    assert model.poll() is True


def test_a_folder_that_never_finishes_loading_blinds_nobody_else(folders: dict[str, Path], tmp_path: Path) -> None:
    class Stuck(ServedModel):
        def poll(self) -> bool | None:
            if self.current is not None:
                time.sleep(10_000)
            return super().poll()

    place = Path(shutil.copytree(folders["reviews"], tmp_path / "m"))
    with serving([Stuck("stuck", folders["topics"]), ServedModel("m", place)]) as server:
        version = server.predict("joy", model="m")["version"]
        manifest = json.loads((place / MANIFEST).read_text())
        manifest["plaudit_version"] = "another"
        (place / MANIFEST).write_text(json.dumps(manifest))
        until = time.monotonic() + 60
        while server.predict("joy", model="m")["version"] == version:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.parametrize("name", ["reviews", "topics"])
def test_files_that_are_cut_short_under_the_server_cost_nothing(
    folders: dict[str, Path], tmp_path: Path, name: str
) -> None:
    place = Path(shutil.copytree(folders[name], tmp_path / "m"))
    with serving({"m": place}) as server:
        expected = server.predict("a joy", "grim film")
        for path in place.rglob("*"):
            if path.is_file() and path.name != MANIFEST:
                os.truncate(path, 0)
        assert server.predict("a joy", "grim film") == expected
        time.sleep(1.5)
        assert server.predict("a joy", "grim film") == expected


def test_what_changes_while_it_is_read_is_not_taken(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, load = Path(shutil.copytree(folders["topics"], tmp_path / "m")), plaudit.load

    def loading(path: Path) -> Any:
        found = load(path)
        (place / "weights.safetensors").write_bytes((place / "weights.safetensors").read_bytes())
        return found

    monkeypatch.setattr("plaudit.server.served_model.load", loading)
    with pytest.raises(ModelError, match="changed while it was being read"):
        ServedModel("m", place).load()


def test_weights_without_a_finite_answer_are_not_taken(folders: dict[str, Path], tmp_path: Path) -> None:
    place = Path(shutil.copytree(folders["topics"], tmp_path / "m"))
    tensors = safetensors.numpy.load_file(place / "weights.safetensors")
    huge = {name: np.full(t.shape, 3e38, np.float32) for name, t in tensors.items()}
    safetensors.numpy.save_file(huge, place / "weights.safetensors")
    manifest, data = json.loads((place / MANIFEST).read_text()), (place / "weights.safetensors").read_bytes()
    manifest["files"]["weights.safetensors"] = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (place / MANIFEST).write_text(json.dumps(manifest))
    model = ServedModel("m", place)
    with pytest.raises(ModelError, match="not a finite number"):
        model.load()
    assert model.poll() is None
