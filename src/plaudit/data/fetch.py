"""Turn a URL and its SHA-256 into a verified local file.

pooch does the delicate part: it downloads to a temporary file, checks the hash and moves the file into place,
so a kill at any moment leaves nothing that looks complete. This module knows nothing of what the file holds.
Where no hash is published, the first copy's is recorded and later copies are held to it.

The decision to question: the request is opened in a thread of its own. A socket's timeout counts per address
and leaves out name resolution, so a machine behind a silent firewall would wait for a multiple of it.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plaudit.errors import FetchError

_CHUNK_BYTES = 1 << 18
_SHA256_LETTERS = 64


def cache_dir() -> Path:
    """Return the folder that Plaudit keeps downloads and derived files in; it need not exist yet.

    ``$PLAUDIT_CACHE`` if set, else the operating system's cache folder for the user.
    """
    if named := os.environ.get("PLAUDIT_CACHE"):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("plaudit", appauthor=False))


def download_path(file_name: str) -> Path:
    """Return where `fetch` puts a file of that name, whether or not it is there."""
    return cache_dir() / "downloads" / file_name


def fetch(
    url: str,
    *,
    sha256: str,
    file_name: str,
    size_bytes: int,
    timeout_s: float = 10.0,
    progress: bool = False,
    remedy: str = "",
) -> Path:
    """Download a file unless a verified copy is cached, and return its path.

    Args:
        url: An http or https address.
        sha256: The expected digest, 64 hexadecimal digits.
        file_name: The name in the cache.
        size_bytes: The expected size; also the progress bar's total.
        timeout_s: Seconds to wait for the server's first answer, name resolution included, and for each next
            piece.
        progress: Show a bar on standard error.
        remedy: What the user can do if this fails, as a sentence; it ends the error message.

    Raises:
        FetchError: No answer, an HTTP error, another size or hash than expected, or the cache cannot be
            written.
    """
    download = _Download(sha256, file_name, size_bytes, size_bytes, timeout_s, progress)
    return _retrieve(url, download, remedy)


def fetch_recorded(
    url: str,
    *,
    file_name: str,
    max_bytes: int,
    timeout_s: float = 10.0,
    progress: bool = False,
    remedy: str = "",
) -> tuple[Path, str]:
    """Download a file of which no hash is known, record its SHA-256, and hold every later copy to it.

    Args:
        url: An http or https address.
        file_name: The name in the cache; the hash is kept beside it.
        max_bytes: The most to accept.
        timeout_s: As in `fetch`.
        progress: As in `fetch`.
        remedy: As in `fetch`.

    Returns:
        The file and its SHA-256.

    Raises:
        FetchError: As in `fetch`; also if the server's file is no longer the one recorded.
    """
    target = download_path(file_name)
    try:
        expected = _recorded(target)
        path = _retrieve(url, _Download(expected, file_name, None, max_bytes, timeout_s, progress), remedy)
        if expected is None:
            with path.open("rb") as file:
                expected = hashlib.file_digest(file, "sha256").hexdigest()
            _record_path(target).write_text(expected, encoding="ascii")
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(_message(url, f"{error} (writing to {target.parent})", remedy)) from error
    return path, expected


def _recorded(target: Path) -> str | None:
    """Return the hash recorded of a file; without one, remove the file, since it cannot be trusted."""
    try:
        recorded = _record_path(target).read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        recorded = ""
    if len(recorded) == _SHA256_LETTERS:
        return recorded
    forget_download(target)
    return None


def forget_download(path: Path) -> None:
    """Remove a downloaded file and what was recorded of it."""
    for found in (path, _record_path(path)):
        found.unlink(missing_ok=True)


def _record_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _retrieve(url: str, download: _Download, remedy: str) -> Path:
    import pooch

    target = download_path(download.file_name)
    known_hash = f"sha256:{download.sha256}" if download.sha256 else None
    try:
        with _quiet(pooch.get_logger()):
            pooch.retrieve(url, known_hash, fname=target.name, path=target.parent, downloader=download)
    except FetchError as error:
        raise FetchError(_message(url, str(error), remedy)) from error.__cause__
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(_message(url, f"{error} (writing to {target.parent})", remedy)) from error
    return target


def _message(url: str, reason: str, remedy: str) -> str:
    one_line = " ".join(reason.split()).rstrip(".")
    return f"Cannot fetch {url}: {one_line}. {remedy}".rstrip()


@dataclass(frozen=True)
class _Download:
    """What pooch calls to fill its temporary file.

    Attributes:
        sha256: The expected digest, or None.
        file_name: What the progress bar says.
        size_bytes: The expected size, or None for what the server announces.
        max_bytes: When to stop reading.
        timeout_s: Seconds for each answer.
        progress: Whether to show a bar.
    """

    sha256: str | None
    file_name: str
    size_bytes: int | None
    max_bytes: int
    timeout_s: float
    progress: bool

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        from tqdm import tqdm

        digest = hashlib.sha256()
        received = 0
        with _open_within(url, self.timeout_s) as response, Path(output_file).open("wb") as file:
            size_bytes = response.length if self.size_bytes is None else self.size_bytes
            bar_settings = {"unit": "B", "unit_scale": True, "desc": self.file_name, "disable": not self.progress}
            with tqdm(total=size_bytes, **bar_settings) as bar:
                while received <= self.max_bytes and (chunk := _read(response, self.timeout_s)):
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    bar.update(len(chunk))
        if received > self.max_bytes:
            raise FetchError(f"expected {'' if self.size_bytes else 'at most '}{self.max_bytes:,} bytes, got more")
        if size_bytes is not None and received != size_bytes:
            raise FetchError(f"expected {size_bytes:,} bytes, got {received:,}")
        if self.sha256 and digest.hexdigest() != self.sha256:
            raise FetchError(f"expected SHA-256 {self.sha256}, got {digest.hexdigest()}")


def _read(response: http.client.HTTPResponse, timeout_s: float) -> bytes:
    try:
        return response.read(_CHUNK_BYTES)
    except http.client.IncompleteRead as error:
        return error.partial
    except TimeoutError as error:
        raise FetchError(f"the server sent nothing more for {timeout_s:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"the connection broke ({error})") from error


def _open_within(url: str, timeout_s: float) -> http.client.HTTPResponse:
    """Return the server's answer, its body unread, or raise FetchError after `timeout_s` seconds."""
    answers: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()
    abandoned = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(url, headers={"User-Agent": "plaudit"})
        try:
            response = urllib.request.urlopen(request, timeout=timeout_s)
        except Exception as error:  # handed to the waiting thread, which knows what to make of it
            answers.put(error)
            return
        if abandoned.is_set():
            response.close()
        else:
            answers.put(response)

    threading.Thread(target=ask, name="plaudit-fetch", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty as error:
        abandoned.set()
        raise FetchError(f"the server gave no answer within {timeout_s:g} s") from error
    if isinstance(answer, urllib.error.HTTPError):
        answer.close()
        raise FetchError(f"the server answered {answer.code} {answer.reason}") from answer
    if isinstance(answer, Exception):
        cause = getattr(answer, "reason", answer)  # urllib wraps the socket's error
        if isinstance(cause, TimeoutError):
            raise FetchError(f"the server gave no answer within {timeout_s:g} s") from answer
        raise FetchError(str(cause)) from answer
    return answer


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Hold back pooch's log lines, which its own handler would print, for the length of one download."""
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
