"""Encoders by name, fetched from a stand-in of the hub that speaks its HTTP."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")

import plaudit
from encoders import make
from plaudit.embeddings import hugging_face
from plaudit.embeddings.named_encoders import NAMED_ENCODERS
from plaudit.errors import EmbeddingError

PINNED = [str(NAMED_ENCODERS[name].revision) for name in ("bge-small", "multilingual-e5-small")]
COMMITS = {"main": "1" * 40, "older": "2" * 40, **dict(zip(PINNED, PINNED, strict=True))}


class Hub(ThreadingHTTPServer):
    """A folder for each repository; every revision has the same files."""

    daemon_threads = True
    folder: Path
    asked: list[str]


class Answer(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub = self.server
        assert isinstance(hub, Hub)
        path = unquote(urlsplit(self.path).path)
        hub.asked.append(path)
        files = {str(p.relative_to(hub.folder)): p for p in hub.folder.rglob("*") if p.is_file()}
        if "/tree/" in path:
            listed = [{"type": "file", "path": name, "size": p.stat().st_size, "oid": "0"} for name, p in files.items()]
            return self.say(200, json.dumps(listed).encode(), "")
        if path.startswith("/api/models/"):
            name, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            commit = COMMITS.get(revision or "main")
            found = {"id": name, "sha": commit, "siblings": [{"rfilename": each} for each in files]}
            return self.say(200 if commit else 404, json.dumps(found).encode(), commit or "")
        commit, _, name = path.partition("/resolve/")[2].partition("/")
        if commit in COMMITS.values() and name in files:
            return self.say(200, files[name].read_bytes(), commit)
        return self.say(404, b"", commit)

    def say(self, status: int, body: bytes, commit: str) -> None:
        self.send_response(status)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        if status == 404:
            self.send_header("X-Error-Code", "RevisionNotFound")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    server = Hub(("127.0.0.1", 0), Answer)
    server.folder, server.asked = make(tmp_path / "repository", "bert"), []
    (server.folder / "onnx").mkdir()
    (server.folder / "onnx" / "model.onnx").write_bytes(b"not wanted")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()


def test_a_name_is_fetched_at_its_revision_once(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    folder = hugging_face.find_encoder("nobody/tiny@older")
    assert folder.name == COMMITS["older"]
    assert hugging_face.weights_sha256(folder) == hugging_face.weights_sha256(hub.folder)
    assert not (folder / "onnx").exists()
    assert hugging_face.find_encoder("nobody/tiny").name == COMMITS["main"]
    monkeypatch.delenv("HF_HUB_OFFLINE")
    hub.asked.clear()
    assert hugging_face.find_encoder("nobody/tiny@older") == folder
    assert hub.asked == []


def test_a_short_name_is_pinned(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    bge = NAMED_ENCODERS["bge-small"]
    with pytest.raises(EmbeddingError, match=rf"hf download {bge.hub} --revision {bge.revision} --local-dir FOLDER"):
        hugging_face.find_encoder("bge-small")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    hugging_face.find_encoder("bge-small")
    assert hub.asked
    assert all(bge.hub in path and str(bge.revision) in path for path in hub.asked)
    with pytest.raises(EmbeddingError, match="encoder 'nobody/tiny@nope': the download failed"):
        hugging_face.find_encoder("nobody/tiny@nope")


def test_what_is_at_hand_is_listed(command: Callable[..., Any], hub: Hub) -> None:
    lines = command("encoders", "list").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(NAMED_ENCODERS)
    bge = NAMED_ENCODERS["bge-small"]
    assert not bge.is_at_hand()
    snapshot = Path(hub.folder.parent / "cache" / "models--BAAI--bge-small-en-v1.5" / "snapshots" / str(bge.revision))
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    assert bge.is_at_hand()


def test_a_multilingual_encoder_is_trained_on_other_languages_by_its_name(
    command: Callable[..., Any], hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make(hub.folder, "multilingual")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    good = ["una película muy bonita", "qué buena es la historia", "电影很好", "很好，很好"]
    bad = ["una película muy mala", "no me gusta nada la historia", "电影不好", "很坏，不好"]
    lines = [f"{text}\t{label}" for _ in range(4) for label, texts in (("sí", good), ("no", bad)) for text in texts]
    lines = [f"{i} {line}" for i, line in enumerate(lines)]
    (tmp_path / "mixed.tsv").write_text("text\tlabel\n" + "\n".join(lines) + "\n", encoding="utf-8")
    options = (
        "--recipe",
        "encoder",
        "--frozen",
        "--encoder",
        "multilingual-e5-small",
        "--max-tokens",
        "32",
        "--language",
        "es",
    )
    done = command("train", "mixed.tsv", *options, "-o", "model")
    assert "was trained on English" not in done.out + done.err
    assert "multilingual-e5-small" in done.out
    monkeypatch.delenv("HF_HUB_OFFLINE")
    answered = command("predict", "model", "电影很好", "qué buena película", "--json").out
    assert answered.count('"label"') == 2
    vectors = plaudit.load(tmp_path / "model").logits(["电影很好", "电影很坏", "???"])
    assert len(set(vectors[:, 0].tolist())) == 3  # what differs by a Chinese character is told apart
