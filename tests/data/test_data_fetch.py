import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from plaudit.data.fetch import cache_dir, download_path, fetch
from plaudit.errors import FetchError

BODY = b"the whole file, " * 5_000
SHA256 = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers by path; counts what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str] = []
        self.release = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
        elif self.path == "/silent":
            self.server.release.wait(20)
        else:
            self.send_response(200)
            if self.path != "/without-length":
                self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            if self.path == "/stalls":
                self.wfile.write(BODY[:1000])
                self.wfile.flush()
                self.server.release.wait(20)
            elif self.path in ("/truncated", "/without-length"):
                self.wfile.write(BODY[:1000])
            elif self.path == "/other":
                self.wfile.write(BODY[::-1])
            else:
                self.wfile.write(BODY)

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
        running.release.set()
        running.shutdown()
        thread.join()


def fetch_body(url: str, *, timeout_s: float = 5.0, progress: bool = False) -> Path:
    return fetch(
        url,
        sha256=SHA256,
        file_name="file.bin",
        size_bytes=len(BODY),
        timeout_s=timeout_s,
        progress=progress,
        remedy="Use --data-dir.",
    )


def test_a_good_file_arrives_whole_and_nothing_is_printed(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    path = fetch_body(server.url("good"))
    assert path.read_bytes() == BODY
    assert path == download_path("file.bin")
    assert list(path.parent.iterdir()) == [path]
    assert capfd.readouterr() == ("", "")


def test_a_second_fetch_asks_no_server(server: Server) -> None:
    fetch_body(server.url("good"))
    fetch_body(server.url("good"))
    assert server.requests == ["/good"]


def test_a_damaged_copy_is_fetched_again(server: Server) -> None:
    path = fetch_body(server.url("good"))
    path.write_bytes(BODY[:-1] + b"?")
    assert fetch_body(server.url("good")).read_bytes() == BODY
    assert server.requests == ["/good", "/good"]


def test_what_a_kill_left_behind_is_not_taken_for_the_file(server: Server) -> None:
    folder = download_path("file.bin").parent
    folder.mkdir(parents=True)
    (folder / "file.bin").write_bytes(BODY[:100])
    (folder / "tmpabcdef").write_bytes(BODY[:100])
    assert fetch_body(server.url("good")).read_bytes() == BODY


def test_progress_shows_a_bar_on_standard_error(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    fetch_body(server.url("good"), progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "file.bin" in err
    assert "100%" in err


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing", "the server answered 404"),
        ("truncated", "expected 80,000 bytes, got 1,000"),
        ("without-length", "expected 80,000 bytes, got 1,000"),
        ("other", f"expected SHA-256 {SHA256}, got "),
    ],
)
def test_what_is_not_the_file_is_refused_and_leaves_nothing(server: Server, path: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason) as caught:
        fetch_body(server.url(path))
    message = str(caught.value)
    assert message.startswith(f"Cannot fetch {server.url(path)}: ")
    assert message.endswith("Use --data-dir.")
    assert "\n" not in message
    assert list(download_path("file.bin").parent.iterdir()) == []


def test_a_longer_file_is_refused(server: Server) -> None:
    with pytest.raises(FetchError, match="expected 10 bytes, got more"):
        fetch(server.url("good"), sha256=SHA256, file_name="file.bin", size_bytes=10)


def test_a_server_that_never_answers_is_given_up_in_time(server: Server) -> None:
    start = time.perf_counter()
    with pytest.raises(FetchError, match=r"no answer within 0\.3 s"):
        fetch_body(server.url("silent"), timeout_s=0.3)
    assert time.perf_counter() - start < 10  # not the 20 s that the other side takes


def test_a_server_that_stalls_is_given_up_in_time(server: Server) -> None:
    with pytest.raises(FetchError, match=r"sent nothing more for 0\.3 s"):
        fetch_body(server.url("stalls"), timeout_s=0.3)


def test_name_resolution_counts_towards_the_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve_slowly(*_: object, **__: object) -> object:
        server.release.wait(20)
        raise OSError("no such host")

    monkeypatch.setattr("socket.getaddrinfo", resolve_slowly)
    start = time.perf_counter()
    with pytest.raises(FetchError, match=r"no answer within 0\.3 s"):
        fetch_body("http://plaudit.invalid/file.bin", timeout_s=0.3)
    assert time.perf_counter() - start < 10  # not the 20 s that the other side takes


def test_a_refused_connection_is_one_clear_error(server: Server) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/"
    with pytest.raises(FetchError, match="Connection refused"):
        fetch_body(url)


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"writing to .*file/downloads"):
        fetch_body(server.url("good"))


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("PLAUDIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "plaudit" in cache_dir().parts
