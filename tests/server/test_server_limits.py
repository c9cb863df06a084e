"""What the server does not take, it refuses with a status and a sentence; and it goes on serving."""

import concurrent.futures
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import Running, error_of, serving, status_of

from plaudit.errors import ConfigError
from plaudit.server.served_model import Loaded, ServedModel
from plaudit.server.settings import Limits

SMALL = Limits(
    body_bytes=2000, texts=5, text_characters=50, explained_texts=2, file_rows=3, body_timeout_s=1, header_timeout_s=1,
    idle_s=1, write_timeout_s=1, connections=20,
)  # fmt: skip
KEY, OTHER_KEY = "a-key-of-many-letters", "another-key-of-letters"


@pytest.fixture(scope="module")
def small(folders: dict[str, Path]) -> Iterator[Running]:
    with serving({"reviews": folders["reviews"]}, SMALL) as server:
        yield server
        assert server.predict("joy")["predictions"][0]["label"] == "liked"
        assert server.service.batcher._jobs == type(server.service.batcher._jobs)()


def post(body: bytes, *headers: str, path: str = "/predict") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def with_length(body: bytes) -> bytes:
    return post(body, f"Content-Length: {len(body)}")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "the body: "),
        (b"{", 400, "the body: "),
        (b"joy", 400, "the body: "),
        (b"[]", 422, "the body: "),
        (b"null", 422, "the body: "),
        (b"{}", 422, "texts: field required"),
        (b'{"texts": "joy"}', 422, "texts: input should be a valid"),
        (b'{"texts": [1]}', 422, "texts.0: input should be a valid string"),
        (b'{"texts": [NaN]}', 422, "texts.0: input should be a valid string"),
        (b'{"texts": [null]}', 422, "texts.0"),
        (b'{"texts": ["a"], "text": "a"}', 422, "'text': no such field; expected texts, model"),
        (b'{"texts": ["\xff"]}', 400, "the body: "),
        (b'{"texts": ["\xed\xa0\x80"]}', 400, "the body: "),
        (b'{"texts": ["\\ud800"]}', 422, "half of a surrogate pair"),
        (b'{"texts": ["\\udc00 a"]}', 422, "half of a surrogate pair"),
        (b'{"texts": ["a"], "\\ud800": 1}', 422, "half of a surrogate pair"),
        (b"[" * 1900, 400, "the body: "),
        (b'{"texts": ' + b"[" * 900 + b"]" * 900 + b"}", 400, "the body: "),
        (b'{"texts": ["a","a","a","a","a","a"]}', 422, "6 texts in a request; at most 5 are accepted"),
        (json.dumps({"texts": ["\N{GRINNING FACE}" * 51]}).encode(), 422, "51 characters; at most 50"),
        (b'{"texts": ["a"], "model": "b"}', 404, "there is no model 'b'; there are reviews."),
    ],
)
def test_bodies_that_are_refused(small: Running, body: bytes, status: int, message: str) -> None:
    answer = small.raw(with_length(body))
    assert (status_of(answer), message in error_of(answer)) == (status, True), answer


def test_fifty_characters_of_four_bytes_are_taken(small: Running) -> None:
    assert small.predict("\N{GRINNING FACE}" * 50)["predictions"]


def test_few_texts_are_explained_and_few_rows_read(small: Running) -> None:
    refused = small.http.post("/explain", json={"texts": ["a"] * 3})
    assert (refused.status_code, refused.json()["error"]) == (422, "3 texts in a request; at most 2 are accepted.")
    refused = small.http.post("/predict/file", content=b"text\na\nb\nc\nd\n")
    assert (refused.status_code, refused.json()["error"]) == (422, "4 texts in a request; at most 3 are accepted.")


@pytest.mark.parametrize("size", [2001, 3_000_000])
def test_a_large_body_is_refused_with_and_without_a_length(small: Running, size: int) -> None:
    body = b" " * size
    for data in (
        with_length(body),
        post(b"%x\r\n%s\r\n0\r\n\r\n" % (size, body), "Transfer-Encoding: chunked"),
    ):
        answer = small.raw(data)
        assert status_of(answer) == 413
        assert error_of(answer) == "the body is larger than 2,000 bytes; send fewer texts at once."


def test_a_large_body_that_asks_first_is_never_sent(small: Running) -> None:
    answer = small.raw(post(b"", "Content-Length: 100000000", "Expect: 100-continue"))
    assert status_of(answer) == 413


def test_a_slow_body_is_given_up(small: Running) -> None:
    answer = small.raw(post(b'{"texts"', "Content-Length: 100"))
    assert (status_of(answer), error_of(answer)) == (408, "the body did not arrive within 1 seconds.")


def test_a_slow_head_is_given_up(small: Running) -> None:
    start = time.monotonic()
    answer = small.raw(b"POST /predict HTT")
    assert (status_of(answer), error_of(answer)) == (408, "the request's head did not arrive within 1 seconds.")
    assert small.raw(b"") == b""  # a connection that says nothing gets nothing
    assert time.monotonic() - start < 30


def test_a_head_byte_by_byte_is_given_up(small: Running) -> None:
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as connection:
        received = b""
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 100:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.05)
        while part := connection.recv(65536):
            received += part
    assert status_of(received) == 408


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000])
def test_what_is_no_http_is_refused_in_json(small: Running, data: bytes) -> None:
    answer = small.raw(data + b"\r\n\r\n")
    assert (status_of(answer), error_of(answer)) == (400, "this is not a valid HTTP/1.1 request.")


def test_a_large_head_is_refused_also_in_one_piece(small: Running) -> None:
    answer = small.http.get("/", headers={"X-Large": "a" * 66_000})
    assert answer.status_code in (400, 431)  # in pieces it is no HTTP to h11
    assert answer.json()["error"]


def test_a_wrong_length_is_refused(small: Running) -> None:
    assert status_of(small.raw(post(b"{}", "Content-Length: -1"))) == 400
    assert status_of(small.raw(post(b"{}", "Content-Length: 2", "Content-Length: 3"))) == 400


def test_a_client_that_leaves_leaves_nothing(small: Running) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", small.port)) as connection:
            connection.sendall(post(b'{"tex', "Content-Length: 100"))
    until = time.monotonic() + 60
    while small.service.metrics.held._value.get() and time.monotonic() < until:
        time.sleep(0.02)
    assert small.service.metrics.held._value.get() == 0


def test_too_many_connections_are_refused(folders: dict[str, Path]) -> None:
    patient = replace(SMALL, header_timeout_s=60)  # which does not close those that are held, however busy it is
    with serving({"reviews": folders["reviews"]}, patient) as server, contextlib.ExitStack() as held:
        for _ in range(patient.connections):
            held.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        answers = [server.raw(b"") for _ in range(3)]
    assert [status_of(answer) for answer in answers] == [503] * 3
    assert b"retry-after: 1" in answers[0].lower()


@pytest.fixture(scope="module")
def locked(folders: dict[str, Path]) -> Iterator[Running]:
    with serving({"reviews": folders["reviews"]}, keys=(KEY, OTHER_KEY)) as server:
        yield server


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-API-Key": ""}, {"Authorization": KEY}])
def test_without_a_key_nothing_is_answered(locked: Running, headers: dict[str, str]) -> None:
    for method, path in (("POST", "/predict"), ("GET", "/metrics"), ("GET", "/models"), ("GET", "/v2")):
        refused = locked.http.request(method, path, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert "an API key is needed" in refused.json()["error"]


def test_with_a_key_all_is_answered(locked: Running) -> None:
    for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-API-Key": OTHER_KEY}, {"authorization": f"bearer  {KEY}"}):
        assert locked.http.post("/predict", json={"texts": ["joy"]}, headers=headers).status_code == 200
    for path in ("/", "/page.js", "/v2/health/live", "/v2/health/ready", "/openapi.json"):
        assert locked.http.get(path).status_code == 200


class Held(ServedModel):
    """A model that answers when it is let."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.go, self.entered = threading.Event(), threading.Event()

    def load(self) -> Loaded:
        loaded = super().load()
        score, go, entered = loaded.classifier.logits, self.go, self.entered

        def waiting(texts: object) -> Any:  # Any: logits
            entered.set()
            assert go.wait(30)
            return score(texts)

        loaded.classifier.logits = waiting  # type: ignore[method-assign]
        return loaded


def together(server: Running, n: int, headers: dict[str, str] | None = None) -> "list[concurrent.futures.Future[Any]]":
    pool = concurrent.futures.ThreadPoolExecutor(n)
    body = {"texts": ["joy"]}
    found = [pool.submit(server.http.post, "/predict", json=body, headers=headers or {}) for _ in range(n)]
    pool.shutdown(wait=False)
    return found


def until_queued(server: Running, n: int) -> None:
    until = time.monotonic() + 60
    while len(server.service.batcher._jobs) < n:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_full_queue_sheds_and_the_rest_is_answered(folders: dict[str, Path]) -> None:
    model = Held("reviews", folders["reviews"])
    with serving([model], replace(Limits(), queue=3)) as server:
        first = together(server, 1)
        assert model.entered.wait(10)  # it is being scored
        waiting = together(server, 3)
        until_queued(server, 3)
        shed = server.http.post("/predict", json={"texts": ["joy"]})
        assert (shed.status_code, shed.headers["retry-after"]) == (503, "1")
        assert shed.json()["error"] == "3 requests wait already; try again later."
        model.go.set()
        assert [one.result().status_code for one in first + waiting] == [200] * 4
        assert server.http.post("/predict", json={"texts": ["joy"]}).status_code == 200
        assert 'plaudit_refused_total{reason="queue"} 1.0' in server.http.get("/metrics").text
        assert "plaudit_batch_texts_count 3.0" in server.http.get("/metrics").text  # the first, the three, the last


def test_one_client_cannot_hold_every_place(folders: dict[str, Path]) -> None:
    model = Held("reviews", folders["reviews"])
    with serving([model], replace(Limits(), client_requests=2), keys=(KEY, OTHER_KEY)) as server:
        waiting = together(server, 1, {"X-API-Key": KEY})
        assert model.entered.wait(10)
        waiting += together(server, 1, {"X-API-Key": KEY})
        until_queued(server, 1)
        shed = server.http.post("/predict", json={"texts": ["joy"]}, headers={"X-API-Key": KEY})
        assert (shed.status_code, shed.headers["retry-after"]) == (429, "1")
        other = together(server, 1, {"X-API-Key": OTHER_KEY})
        until_queued(server, 2)
        model.go.set()
        assert [one.result().status_code for one in waiting + other] == [200] * 3


def test_an_answer_that_takes_too_long_is_given_up(folders: dict[str, Path]) -> None:
    model = Held("reviews", folders["reviews"])
    with serving([model], replace(Limits(), timeout_s=0.5)) as server:
        late = server.http.post("/predict", json={"texts": ["joy"]})
        assert late.status_code == 504
        assert "no answer within 0.5 seconds" in late.json()["error"]
        model.go.set()
        assert server.http.post("/predict", json={"texts": ["joy"]}).status_code == 200


def test_small_requests_are_scored_together_and_a_large_one_in_parts(folders: dict[str, Path]) -> None:
    model = Held("reviews", folders["reviews"])
    with serving([model], replace(Limits(), batch_texts=10)) as server:
        first = together(server, 1)
        assert model.entered.wait(10)
        large = [threading.Thread(target=server.predict, args=["grim"] * 35)]
        large[0].start()
        until_queued(server, 1)
        small = together(server, 5)
        until_queued(server, 6)
        model.go.set()
        assert [one.result().status_code for one in first + small] == [200] * 6
        large[0].join()
        text = server.http.get("/metrics").text
        assert "plaudit_batch_texts_sum 41.0" in text
        assert "plaudit_batch_texts_count 5.0" in text


def test_bounds_must_be_bounds() -> None:
    with pytest.raises(ConfigError, match="the limit queue must be above 0, got 0"):
        Limits(queue=0)
    with pytest.raises(ConfigError, match="lower --max-body"):
        Limits(body_bytes=10**9)
