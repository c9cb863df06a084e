"""Turn a URL and its SHA-256 into a verified local file.

pooch does the delicate part: it downloads to a temporary file, checks the hash and moves the file into place,
so a kill at any moment leaves nothing that looks complete. This module knows nothing of what the file holds.

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
    import pooch

    target = download_path(file_name)
    download = _Download(sha256, file_name, size_bytes, timeout_s, progress)
    try:
        with _quiet(pooch.get_logger()):
            pooch.retrieve(url, known_hash=f"sha256:{sha256}", fname=file_name, path=target.parent, downloader=download)
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
    """What pooch calls to fill its temporary file."""

    sha256: str
    file_name: str
    size_bytes: int
    timeout_s: float
    progress: bool

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        from tqdm import tqdm

        digest = hashlib.sha256()
        received = 0
        with (
            _open_within(url, self.timeout_s) as response,
            Path(output_file).open("wb") as file,
            tqdm(
                total=self.size_bytes,
                unit="B",
                unit_scale=True,
                desc=self.file_name,
                disable=not self.progress,
            ) as bar,
        ):
            while received <= self.size_bytes and (chunk := _read(response, self.timeout_s)):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                bar.update(len(chunk))
        if received != self.size_bytes:
            got = f"{received:,}" if received < self.size_bytes else "more"
            raise FetchError(f"expected {self.size_bytes:,} bytes, got {got}")
        if digest.hexdigest() != self.sha256:
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
