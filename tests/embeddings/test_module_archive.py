"""Unpacking what somebody else has packed: only a module's files, and nothing outside the folder for them."""

import gzip
import tarfile
from pathlib import Path

import numpy as np
import pytest
from module_bytes import add, pack, write_module

from plaudit.budget import Budget, spending
from plaudit.embeddings import load_embedding
from plaudit.errors import EmbeddingError, LimitError


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo("assets/tokens.txt")
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("assets/../../outside"),
        tarfile.TarInfo("/outside"),
        link(tarfile.SYMTYPE, "/etc/passwd"),
        link(tarfile.LNKTYPE, "saved_model.pb"),
        link(tarfile.FIFOTYPE, ""),
    ],
)
def test_an_archive_that_leads_out_of_itself_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        add(archive, "saved_model.pb", b"")
        archive.addfile(member)
    with pytest.raises(EmbeddingError, match="unsafe: the archive's member"):
        load_embedding(path)
    assert not (tmp_path.parent / "outside").exists()


def test_only_the_files_of_a_module_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_module(tmp_path / "module")
    (folder / "run_me.sh").write_text("exit 1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[str] = []

    def look(folder: Path, **_: object) -> None:
        seen.extend(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
        raise EmbeddingError("looked")

    monkeypatch.setattr("plaudit.embeddings.tfhub.read_saved_model", look)
    with pytest.raises(EmbeddingError, match="looked"):
        load_embedding(pack(folder, tmp_path / "module.tar.gz"))
    assert seen == [
        "assets/tokens.txt",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
    assert not list(tmp_path.glob("plaudit-module-*"))


def test_archives_without_or_with_two_modules_are_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "readme.txt").write_text("nothing here")
    with pytest.raises(EmbeddingError, match=r"expected one SavedModel \(saved_model\.pb\) in the archive, got 0"):
        load_embedding(pack(tmp_path / "nothing", tmp_path / "nothing.tar.gz"))
    with tarfile.open(tmp_path / "two.tar", "w") as archive:
        for name in ("a", "b"):
            add(archive, f"{name}/saved_model.pb", b"")
    with pytest.raises(EmbeddingError, match="got 2"):
        load_embedding(tmp_path / "two.tar")


def test_a_truncated_archive_is_one_clear_error(tmp_path: Path) -> None:
    # Too large to fit in gzip's first block of output, so that a truncated archive is still known for one.
    vectors = np.random.default_rng(0).random((5_000, 3), np.float32)
    words = [f"word{i}" for i in range(len(vectors) - 1)]
    whole = pack(write_module(tmp_path / "m", vocabulary=words, vectors=vectors), tmp_path / "m.tar.gz").read_bytes()
    path = tmp_path / "cut.tar.gz"
    for size in range(len(whole) // 4, len(whole) * 9 // 10, len(whole) // 40):
        path.write_bytes(whole[:size])
        with pytest.raises(
            EmbeddingError, match=r"cut\.tar\.gz: (the gzip file is truncated|expected one SavedModel)"
        ) as caught:
            load_embedding(path)
        assert "\n" not in str(caught.value)


def header_of(kind: bytes, size: int) -> bytes:
    member = tarfile.TarInfo("further")
    member.type, member.size = kind, size
    return member.tobuf()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_header_of_gigabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "huge.tar.gz"
    path.write_bytes(gzip.compress(header_of(kind, 2**31) + bytes(64 * 2**20)))
    with pytest.raises(EmbeddingError, match=r"huge\.tar\.gz: .*not a tar archive \(.*a header of 2,147,483,648 bytes"):
        load_embedding(path)


def test_headers_without_end_are_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "many.tar.gz"
    path.write_bytes(gzip.compress(header_of(tarfile.GNUTYPE_LONGNAME, 0) * 20_000))
    with pytest.raises(EmbeddingError, match=r"many\.tar\.gz: truncated, or not a tar archive"):
        load_embedding(path)


def test_an_archive_that_expands_too_far_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    member = tarfile.TarInfo("assets/tokens.txt")
    member.size = 2**30
    path.write_bytes(gzip.compress(member.tobuf() + bytes(16 * 2**20)))
    with spending(Budget(free_bytes=2**20)), pytest.raises(LimitError, match="at most 100 times"):
        load_embedding(path)


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.tar"
    with tarfile.open(path, "w") as archive:
        for number in range(20):
            add(archive, f"{number}", b"")
    with spending(Budget(members=10)), pytest.raises(LimitError, match="11 files; at most 10"):
        load_embedding(path)


def test_a_file_with_holes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tar"
    facts = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,0", "GNU.sparse.size": str(2**40)}
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("assets/tokens.txt")
        member.pax_headers = facts
        archive.addfile(member)
    with pytest.raises(EmbeddingError, match="unsafe"):
        load_embedding(path)
