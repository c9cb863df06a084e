"""Where modules come from: names, addresses, archives, folders, a server, and tensorflow_hub's own cache."""

import hashlib
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import module_bytes
import numpy as np
import pyarrow as pa
import pytest
from module_bytes import VECTORS, pack, write_module

import plaudit.embeddings.tfhub_handles
from plaudit.embeddings import available_embeddings, load_embedding
from plaudit.embeddings.registry import EmbeddingInfo
from plaudit.embeddings.tfhub import is_module, load_module
from plaudit.embeddings.tfhub_handles import MODULES, parse_handle
from plaudit.errors import EmbeddingError, FetchError

TEXT = pa.array(["cat? dog"], pa.large_string())
NAME = "nnlm-en-dim50-with-normalization"
URL = f"https://tfhub.dev/google/{NAME}/2"


@pytest.fixture(autouse=True)
def closed_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "tfhub"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


class Server(ThreadingHTTPServer):
    """A stand-in for tfhub.dev: answers every path with one body, if asked for the compressed format."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.requests: list[str] = []

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if query.get("tf-hub-format") != ["compressed"]:
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()  # no Content-Length, as with a chunked answer
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    body = pack(write_module(tmp_path / "served"), tmp_path / "served.tar.gz").read_bytes()
    with Server(body) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def tfhub(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, in tfhub.dev's place."""
    monkeypatch.setattr(plaudit.embeddings.tfhub_handles, "HOST", server.host)
    return server


def info(name: str) -> EmbeddingInfo:
    return next(info for info in available_embeddings() if info.name == name)


def test_the_family_is_seven_languages_in_two_sizes_with_and_without_normalization() -> None:
    names = [name for name in MODULES if name.startswith("nnlm-")]
    assert len(names) == 7 * 2 * 2
    assert MODULES[NAME].url == URL
    assert MODULES["gnews-swivel-20dim"].url == "https://tfhub.dev/google/tf2-preview/gnews-swivel-20dim/1"
    assert all(module.delete_punctuation == name.endswith("-with-normalization") for name, module in MODULES.items())


@pytest.mark.parametrize(
    ("written", "url", "name"),
    [
        (NAME, URL, NAME),
        (f"https://tfhub.dev/google/{NAME}", URL, NAME),
        (f"http://tfhub.dev/google/{NAME}/2/", URL, NAME),
        (f"https://tfhub.dev/google/{NAME}/1", f"https://tfhub.dev/google/{NAME}/1", NAME),
        (
            "https://tfhub.dev/google/tf2-preview/nnlm-en-dim50",
            "https://tfhub.dev/google/tf2-preview/nnlm-en-dim50/1",
            "nnlm-en-dim50",
        ),
        ("https://tfhub.dev/google/elmo/3", "https://tfhub.dev/google/elmo/3", None),
        (
            "https://kaggle.com/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim50/versions/1",
            "https://www.kaggle.com/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim50/versions/1",
            "nnlm-en-dim50",
        ),
        (
            "https://www.kaggle.com/models/google/nnlm/tensorFlow2/en-dim50/1?tfhub-redirect=true",
            "https://www.kaggle.com/models/google/nnlm/tensorFlow2/en-dim50/1",
            "nnlm-en-dim50",
        ),
        (
            "https://www.kaggle.com/models/google/gnews-swivel/TensorFlow2/tf2-preview-20dim/1",
            "https://www.kaggle.com/models/google/gnews-swivel/TensorFlow2/tf2-preview-20dim/1",
            "gnews-swivel-20dim",
        ),
        ("https://example.org/x/y/3", "https://example.org/x/y/3", None),
    ],
)
def test_names_and_addresses_are_understood(written: str, url: str, name: str | None) -> None:
    handle = parse_handle(written)
    assert handle is not None
    assert (handle.url, handle.module and handle.module.name) == (url, name)


@pytest.mark.parametrize(
    "text", ["", "nnlm", "minilm", "folder/file", "ftp://tfhub.dev/google/nnlm-en-dim50/2", "http://["]
)
def test_other_words_are_no_module(text: str) -> None:
    assert parse_handle(text) is None
    assert not is_module(text)
    assert not is_module(f"{text}\0")


def test_the_addresses_of_one_module_share_what_is_kept_and_its_versions_do_not() -> None:
    def addresses(written: str) -> tuple[str, ...]:
        handle = parse_handle(written)
        assert handle is not None
        return handle.addresses

    variation = (
        "https://www.kaggle.com/models/google/nnlm/tensorFlow2/en-dim50-with-normalization/1?tfhub-redirect=true"
    )
    assert addresses(NAME) == addresses(URL) == addresses(variation)
    assert addresses(URL[:-1] + "1") == (URL[:-1] + "1",)


def test_the_list_has_every_english_module_and_every_language() -> None:
    infos = {info.name: info for info in available_embeddings()}
    for name in ("nnlm-en-dim50", NAME, "nnlm-en-dim128", "nnlm-en-dim128-with-normalization", "gnews-swivel-20dim"):
        assert (infos[name].status, infos[name].dimension) == ("can be fetched", MODULES[name].dimension)
    for language in ("de", "es", "id", "ja", "ko", "zh"):
        assert "also -dim128" in infos[f"nnlm-{language}-dim50"].description


def test_a_folder_and_an_archive_are_read_wherever_an_embedding_is_named(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "module")
    plain = pack(folder, tmp_path / "plain.tar", mode="w")
    inside = pack(folder, tmp_path / "download", prefix="some_folder/")
    for path in (folder, pack(folder, tmp_path / "module.tar.gz"), plain, inside):
        table = load_embedding(path)
        assert table.vectors.tobytes() == VECTORS.tobytes()
        assert table.embed(TEXT)[0] == pytest.approx((VECTORS[0] + VECTORS[1]) / np.sqrt(2), abs=1e-6)
        assert table.name == path.name


def test_a_second_load_is_a_memory_map_of_what_was_converted_once(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "module")
    first = load_module(folder)
    again = load_module(folder)
    assert "vectors.safetensors" in Path("/proc/self/maps").read_text(encoding="utf-8")
    assert again.vectors.tobytes() == first.vectors.tobytes()
    assert (again.tokenizer, again.combiner, again.n_buckets) == (first.tokenizer, "sqrtn", 1)
    write_module(folder, vectors=VECTORS * 2)
    assert load_module(folder).vectors.tobytes() == (VECTORS * 2).tobytes()


def test_a_module_is_fetched_by_name_once_and_its_hash_recorded(tfhub: Server) -> None:
    table = load_embedding(NAME)
    assert tfhub.requests == [f"/google/{NAME}/2?tf-hub-format=compressed"]
    assert table.name == NAME
    assert table.provenance["archive_sha256"] == hashlib.sha256(tfhub.body).hexdigest()
    assert table.provenance["licence"] == "Apache-2.0"
    assert info(NAME).status == "ready"
    load_embedding(NAME)
    load_embedding(f"{tfhub.host}/google/{NAME}/2")
    assert len(tfhub.requests) == 1


def test_a_module_is_fetched_by_its_address(server: Server) -> None:
    table = load_embedding(f"{server.host}/some/module/3?key=1")
    assert server.requests == ["/some/module/3?key=1&tf-hub-format=compressed"]
    assert (table.name, table.vectors.tobytes()) == ("module/3", VECTORS.tobytes())
    assert "licence" not in table.provenance


def kept(tmp_path: Path) -> Path:
    return next((tmp_path / "cache" / "embeddings").glob("tfhub-*"))


def test_a_later_download_must_be_the_recorded_one(server: Server, tmp_path: Path) -> None:
    address = f"{server.host}/some/module/3"
    load_module(address)
    archive = next((tmp_path / "cache" / "downloads").glob("*.tar.gz"))
    for path in (kept(tmp_path) / "embedding.json", archive):
        path.unlink()
    served, server.body = server.body, server.body[:-1] + b"?"
    with pytest.raises(FetchError, match=r"Cannot fetch .*: expected SHA-256 .* point TFHUB_CACHE_DIR"):
        load_module(address)
    server.body = served
    assert load_module(address).vectors.tobytes() == VECTORS.tobytes()


def test_an_answer_that_is_no_module_is_not_remembered(server: Server, tmp_path: Path) -> None:
    address = f"{server.host}/some/module/3"
    served, server.body = server.body, b"<html>Please sign in.</html>"
    with pytest.raises(EmbeddingError, match=r"/some/module/3\?tf-hub-format=compressed answered with .*not a tar"):
        load_module(address)
    assert list((tmp_path / "cache" / "downloads").iterdir()) == []
    server.body = served
    assert load_module(address).vectors.tobytes() == VECTORS.tobytes()


def test_without_a_network_the_message_says_what_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        host = f"http://127.0.0.1:{closed.server_port}"
    monkeypatch.setattr(plaudit.embeddings.tfhub_handles, "HOST", host)
    with pytest.raises(
        FetchError, match=r"Connection refused.*download the module elsewhere.*TFHUB_CACHE_DIR"
    ) as caught:
        load_embedding("nnlm-en-dim50")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [URL, f"https://www.kaggle.com/models/google/nnlm/TensorFlow2/{NAME.removeprefix('nnlm-')}/1"],
)
def test_tensorflow_hubs_cache_is_used_before_any_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    # tensorflow_hub/compressed_module_resolver.py: a folder named by the SHA-1 of the address
    write_module(tmp_path / "tfhub" / hashlib.sha1(address.encode()).hexdigest())
    assert info(NAME).status == "ready"
    table = load_embedding(NAME)
    assert table.vectors.tobytes() == VECTORS.tobytes()
    assert table.provenance["source"] == URL


def test_by_default_that_cache_is_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFHUB_CACHE_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "tfhub_modules").mkdir()
    write_module(tmp_path / "tfhub_modules" / hashlib.sha1(URL.encode()).hexdigest())
    assert info(NAME).status == "ready"


def test_a_folder_with_half_a_module_is_named(tmp_path: Path) -> None:
    (write_module(tmp_path / "module") / "saved_model.pb").unlink()
    with pytest.raises(EmbeddingError, match=r"saved_model\.pb: cannot be read"):
        load_embedding(tmp_path / "module")


def test_a_text_file_of_vectors_is_still_one(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("good 1 2\nbad 3 4\n")
    assert not is_module(str(path))
    assert load_embedding(path).vectors.tolist() == [[1, 2], [3, 4]]


def test_a_foreign_model_is_refused_in_one_line(tmp_path: Path) -> None:
    write_module(tmp_path / "module", nodes=[module_bytes.node("dense", "MatMul")])
    with pytest.raises(EmbeddingError, match="not a text embedding of TF Hub's nnlm kind") as caught:
        load_embedding(tmp_path / "module")
    assert "\n" not in str(caught.value)
