"""Downloads of which no hash is published: the first copy's is recorded, and later ones are held to it."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from plaudit.data.fetch import fetch_recorded, forget_download
from plaudit.errors import FetchError

BODY = b"the whole file, " * 5_000


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.announced = BODY, len(BODY)
        self.n_requests = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.n_requests += 1
        self.send_response(200)
        if self.server.announced:
            self.send_header("Content-Length", str(self.server.announced))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetch(server: Server, *, max_bytes: int = 1 << 20) -> tuple[Path, str]:
    url = f"http://127.0.0.1:{server.server_port}/file"
    return fetch_recorded(url, file_name="file.bin", max_bytes=max_bytes, timeout_s=5.0, remedy="Ask a friend.")


@pytest.mark.parametrize("is_announced", [True, False])
def test_the_first_copy_arrives_and_its_hash_is_recorded(server: Server, is_announced: bool) -> None:
    server.announced *= is_announced
    path, sha256 = fetch(server)
    assert path.read_bytes() == BODY
    assert sha256 == hashlib.sha256(BODY).hexdigest()
    assert fetch(server) == (path, sha256)
    assert server.n_requests == 1


def test_a_damaged_copy_is_fetched_again_and_must_be_the_same(server: Server) -> None:
    path, sha256 = fetch(server)
    path.write_bytes(b"damaged")
    assert fetch(server) == (path, sha256)
    assert path.read_bytes() == BODY
    path.unlink()
    server.body = BODY[::-1]
    with pytest.raises(FetchError, match=rf"expected SHA-256 {sha256}, got .*\. Ask a friend\."):
        fetch(server)


def test_a_file_without_a_record_is_not_trusted(server: Server) -> None:
    path, _ = fetch(server)
    record = path.with_name("file.bin.sha256")
    for content in (b"", b"\xff\xfe", b"short"):
        path.write_bytes(b"put there by somebody")
        record.write_bytes(content)
        assert fetch(server)[0].read_bytes() == BODY
    assert record.read_text() == hashlib.sha256(BODY).hexdigest()


def test_a_download_can_be_forgotten(server: Server) -> None:
    path, _ = fetch(server)
    forget_download(path)
    assert list(path.parent.iterdir()) == []
    forget_download(path)


def test_a_truncated_answer_is_refused(server: Server) -> None:
    server.body = BODY[:1_000]
    with pytest.raises(FetchError, match="expected 80,000 bytes, got 1,000"):
        fetch(server)


@pytest.mark.parametrize("is_announced", [True, False])
def test_more_than_the_limit_is_refused(server: Server, is_announced: bool) -> None:
    server.announced *= is_announced
    with pytest.raises(FetchError, match="expected at most 10 bytes, got more"):
        fetch(server, max_bytes=10)


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"writing to .*file/downloads.*Ask a friend"):
        fetch(server)
