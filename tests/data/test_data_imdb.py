import gzip
import hashlib
import io
import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from plaudit.data import imdb
from plaudit.data.dataset import Dataset, Splits
from plaudit.data.imdb import imdb_at_hand, load_imdb
from plaudit.data.imdb_tables import Release
from plaudit.errors import DataError, FetchError

MINI = Release(
    url="http://127.0.0.1:9/aclImdb_v1.tar.gz",
    sha256="0" * 64,
    size_bytes=1,
    texts_per_class=3,
    unlabelled_texts=5,
)


def make_members() -> dict[str, bytes]:
    """Three reviews a class and five unlabelled; review i is of film tt100000i, unlabelled of tt200000i."""
    members = {
        "README": b"a miniature",
        "imdb.vocab": b"the\n" * 1000,
        "train/labeledBow.feat": b"9 0:9\n" * 300_000,
    }
    for part in ("train", "test"):
        for label, stars in (("neg", (1, 4, 2)), ("pos", (10, 7, 9))):
            for i in range(3):
                text = f"{part} {label} {i}: a “film”,<br /><br />naïve\x85 \U0001f3ac\r\n"
                members[f"{part}/{label}/{i}_{stars[i]}.txt"] = text.encode()
            urls = [f"http://www.imdb.com/title/tt100000{i}/usercomments" for i in range(3)]
            members[f"{part}/urls_{label}.txt"] = "\n".join(urls).encode() + b"\n"
    for i in range(5):
        members[f"train/unsup/{i}_0.txt"] = f"unsup {i}".encode()
    members["train/urls_unsup.txt"] = b"".join(b"http://www.imdb.com/title/tt200000%d/\n" % i for i in range(5))
    members["train/pos/._0_9.txt"] = b"what a Mac adds"
    return members


def write_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz", format: int = tarfile.USTAR_FORMAT) -> Path:
    with tarfile.open(path, mode, format=format) as archive:  # type: ignore[call-overload]
        for name, contents in members.items():
            info = tarfile.TarInfo(f"aclImdb/{name}")
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return path


def write_folder(path: Path, members: dict[str, bytes]) -> Path:
    for name, contents in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(contents)
    return path


def load(source: Path | None, parts: tuple[str, ...] = ("train", "test", "unlabelled")) -> Splits:
    return load_imdb(data_dir=source, release=MINI, parts=parts)


def rows(dataset: Dataset | None) -> list[tuple[object, ...]]:
    assert dataset is not None
    labels = [None] * len(dataset) if dataset.labels is None else dataset.labels.tolist()
    return list(zip(dataset.texts.to_pylist(), labels, *dataset.extra.to_pydict().values(), strict=True))


def everything(splits: Splits) -> list[list[tuple[object, ...]]]:
    return [rows(splits.train), rows(splits.test), rows(splits.unlabelled)]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PLAUDIT_IMDB", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    return write_tar(tmp_path / "mini.tar.gz", make_members())


@pytest.fixture
def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reading the source an error, so that what still loads comes from the cache."""

    def fail(path: Path) -> Iterator[tuple[str, bytes]]:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr("plaudit.data.imdb.read_members", fail)


def test_each_part_has_its_texts_labels_stars_files_and_films(tarball: Path) -> None:
    splits = load(tarball)
    assert splits.validation is None
    assert splits.test is not None
    assert splits.unlabelled is not None
    for dataset, part in ((splits.train, "train"), (splits.test, "test")):
        assert dataset.name == f"imdb ({part})"
        assert dataset.classes == ("neg", "pos")
        assert sorted(rows(dataset), key=lambda row: str(row[3])) == [
            (f"{part} {label} {i}: a “film”,<br /><br />naïve\x85 \U0001f3ac\r\n", number, stars,
             f"{part}/{label}/{i}_{stars}.txt", f"tt100000{i}")
            for label, number, given in (("neg", 0, (1, 4, 2)), ("pos", 1, (10, 7, 9)))
            for i, stars in enumerate(given)
        ]  # fmt: skip
    assert splits.unlabelled.labels is None
    assert splits.unlabelled.classes == ()
    assert sorted(rows(splits.unlabelled)) == [
        (f"unsup {i}", None, 0, f"train/unsup/{i}_0.txt", f"tt200000{i}") for i in range(5)
    ]
    assert [str(column.type) for column in splits.train.extra.columns] == ["int8", "string", "string"]
    assert splits.train.labels is not None
    assert splits.train.labels.dtype == np.int32
    assert splits.train.labels.flags.writeable


def test_the_order_is_that_of_the_hashes_whatever_the_order_in_the_archive(tarball: Path, tmp_path: Path) -> None:
    train = load(tarball).train
    files = train.extra["file"].to_pylist()
    assert files == sorted(files, key=lambda file: hashlib.sha256(b"2011:" + file.encode()).hexdigest())
    backwards = write_tar(tmp_path / "backwards.tar.gz", dict(reversed(make_members().items())))
    assert rows(load(backwards).train) == rows(train)


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_any_kind_of_tarball_gives_the_same(tarball: Path, tmp_path: Path, mode: str, format: int) -> None:
    other = write_tar(tmp_path / "other", make_members(), mode, format)
    assert everything(load(other)) == everything(load(tarball))


def test_the_extracted_folder_and_its_parent_give_the_same(tarball: Path, tmp_path: Path) -> None:
    root = write_folder(tmp_path / "extracted" / "aclImdb", make_members())
    expected = everything(load(tarball))
    assert everything(load(root)) == expected
    assert everything(load(root.parent)) == expected


def test_the_argument_goes_before_the_environment(
    tarball: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAUDIT_IMDB", str(tarball))
    assert len(load(None).train) == 6
    with pytest.raises(DataError, match=r"elsewhere \(from --data-dir\): no such file"):
        load(tmp_path / "elsewhere")
    monkeypatch.setenv("PLAUDIT_IMDB", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere \(from \$PLAUDIT_IMDB\): no such file"):
        load(None)


def cached(cache: Path, name: str) -> Path:
    (path,) = cache.glob(f"imdb/*/{name}")
    return path


def test_a_second_load_does_not_read_the_source(tarball: Path, request: pytest.FixtureRequest) -> None:
    expected = everything(load(tarball))
    request.getfixturevalue("forbid_reading")
    assert everything(load(tarball)) == expected


def test_loading_train_opens_no_other_part(tarball: Path, own_cache: Path, request: pytest.FixtureRequest) -> None:
    load(tarball)
    cached(own_cache, "test.arrow").unlink()
    cached(own_cache, "unlabelled.arrow").unlink()
    request.getfixturevalue("forbid_reading")
    splits = load(tarball, parts=("train",))
    assert len(splits.train) == 6
    assert splits.test is None
    assert splits.unlabelled is None


def test_naming_another_part_brings_train_too(tarball: Path) -> None:
    splits = load(tarball, parts=("test",))
    assert len(splits.train) == 6
    assert len(rows(splits.test)) == 6
    assert splits.unlabelled is None


def test_an_unknown_part_is_refused(tarball: Path) -> None:
    with pytest.raises(DataError, match="no part 'dev'; its parts are train, test, unlabelled"):
        load(tarball, parts=("dev",))


@pytest.mark.parametrize("name", ["train.arrow", "test.arrow", "unlabelled.arrow"])
@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing", "empty"])
def test_a_damaged_cache_is_built_again(tarball: Path, own_cache: Path, name: str, damage: str) -> None:
    expected = everything(load(tarball))
    path = cached(own_cache, name)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    path.write_bytes({"flipped": bytes(data), "truncated": bytes(data[:-10]), "empty": b"", "missing": b""}[damage])
    if damage == "missing":
        path.unlink()
    assert everything(load(tarball)) == expected
    assert len(list((own_cache / "imdb").iterdir())) == 1


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"format": 1}', '{"format": 99, "files": {}}', '{"format": 1, "files": 3}']
)
def test_a_damaged_manifest_is_built_again(tarball: Path, own_cache: Path, manifest: str) -> None:
    expected = everything(load(tarball))
    cached(own_cache, "tables.json").write_text(manifest)
    assert everything(load(tarball)) == expected


def test_a_changed_tarball_is_read_again(tarball: Path) -> None:
    load(tarball)
    members = make_members()
    members["train/neg/0_1.txt"] = b"changed"
    write_tar(tarball, members)
    os.utime(tarball, ns=(1, 1))
    assert "changed" in load(tarball).train.texts.to_pylist()


def test_a_changed_folder_is_read_again(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "aclImdb", make_members())
    load(root)
    (root / "train/neg/0_1.txt").rename(root / "train/neg/0_3.txt")
    assert "train/neg/0_3.txt" in load(root).train.extra["file"].to_pylist()


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    tarball: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"Cannot write the cache folder .*\$PLAUDIT_CACHE"):
        load(tarball)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.99])
def test_a_truncated_gzip_is_one_clear_error(tarball: Path, share: float, own_cache: Path) -> None:
    data = tarball.read_bytes()
    tarball.write_bytes(data[: max(int(len(data) * share), 3)])
    with pytest.raises(DataError, match=r"mini\.tar\.gz: .*truncated"):
        load(tarball)
    assert not list(own_cache.glob("imdb/*"))


@pytest.mark.parametrize("share", [0, 100, 512, 600, 1024, 5000, 0.3, 0.7, 1.0])
def test_a_truncated_tar_is_one_clear_error(tmp_path: Path, share: float) -> None:
    """The share is of what comes before the end mark; a whole number is in bytes."""
    path = write_tar(tmp_path / "mini.tar", make_members(), "w")
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data[: share if isinstance(share, int) else int(len(data) * share)])
    with pytest.raises(DataError, match="truncated"):
        load(path)


def test_a_damaged_gzip_is_one_clear_error(tarball: Path) -> None:
    data = bytearray(tarball.read_bytes())
    for position in range(len(data) // 2, len(data) // 2 + 40):
        data[position] ^= 0xFF
    tarball.write_bytes(data)
    with pytest.raises(DataError, match=r"truncated or damaged|not a tar archive, or damaged"):
        load(tarball)


@pytest.mark.parametrize("contents", [b"text,label\ngood,pos\n" * 100, bytes(range(1, 256)) * 10])
def test_what_is_no_archive_is_refused(tmp_path: Path, contents: bytes) -> None:
    for path, data in ((tmp_path / "plain", contents), (tmp_path / "gzip", gzip.compress(contents, mtime=0))):
        path.write_bytes(data)
        with pytest.raises(DataError, match="not a tar archive, or damaged: no header at byte 0"):
            load(path)


def test_a_foreign_archive_is_refused(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "foreign.tar.gz", {"train/pos/readme.md": b"hello"})
    with pytest.raises(DataError, match=r"expected 3 reviews in train/neg, got 0: not the Large Movie"):
        load(path)


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder" / "train" / "neg").mkdir(parents=True)
    with pytest.raises(DataError, match=r"folder: not the extracted Large Movie Review Dataset: it has no train/pos"):
        load(tmp_path / "folder")


def changed(name: str, contents: bytes | None) -> dict[str, bytes]:
    members = make_members()
    if contents is None:
        del members[name]
    else:
        members[name] = contents
    return members


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (changed("test/pos/1_7.txt", None), "expected 3 reviews in test/pos, got 2"),
        (changed("train/unsup/9_0.txt", b"more"), "expected 5 reviews in train/unsup, got 6"),
        (changed("train/urls_pos.txt", None), "expected 3 lines in train/urls_pos.txt, got 0"),
        (changed("train/urls_pos.txt", b"tt1\ntt2\n"), "expected 3 lines in train/urls_pos.txt, got 2"),
        (changed("train/urls_pos.txt", b"tt1\nabout:blank\ntt3\n"), "train/urls_pos.txt:2: expected a URL"),
        (changed("train/neg/0_1.txt", b"caf\xe9"), "train/neg/0_1.txt is not UTF-8: .* at byte 3"),
    ],
)
def test_what_does_not_fit_the_release_is_named(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(write_tar(tmp_path / "mini.tar.gz", members))
    with pytest.raises(DataError, match=message):
        load(write_folder(tmp_path / "aclImdb", members))


def test_a_review_without_a_line_of_its_own_is_named(tmp_path: Path) -> None:
    members = make_members()
    members["test/neg/7_1.txt"] = members.pop("test/neg/0_1.txt")
    with pytest.raises(DataError, match=r"test/neg/7_1.txt has no line of its own among the 3 film URLs"):
        load(write_tar(tmp_path / "mini.tar.gz", members))


def test_a_review_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mini.tar"
    write_tar(path, {"train/neg/0_1.txt": b""}, "w")
    write_tar(path, changed("train/neg/1_4.txt", None), "a")
    with pytest.raises(DataError, match="expected 3 reviews in train/neg, got 3"):
        load(path)


def test_a_fetch_fills_the_cache_and_later_loads_need_no_server(
    tarball: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tarball.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/mini.tar.gz"
        release = Release(url, hashlib.sha256(data).hexdigest(), len(data), texts_per_class=3, unlabelled_texts=5)
        monkeypatch.setattr(imdb, "IMDB", release)
        assert not imdb_at_hand()
        thread = Thread(target=server.handle_request)
        thread.start()
        fetched = everything(load_imdb(release=release))
        thread.join()
    assert imdb_at_hand()
    assert everything(load_imdb(release=release)) == fetched == everything(load(tarball))
    (own_cache / "downloads" / "mini.tar.gz").unlink()
    assert imdb_at_hand()
    assert everything(load_imdb(release=release)) == fetched


def test_a_failed_fetch_says_how_to_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(FetchError, match=r"Cannot fetch http://127.0.0.1:9/.*--data-dir or \$PLAUDIT_IMDB"):
        load(None)


def test_imdb_is_at_hand_when_a_copy_is_named(tarball: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not imdb_at_hand()
    assert imdb_at_hand(tarball)
    assert not imdb_at_hand(tarball / "nowhere")
    monkeypatch.setenv("PLAUDIT_IMDB", str(tarball))
    assert imdb_at_hand()


@pytest.fixture(scope="module")
def real_imdb() -> Path:
    named = os.environ.get("PLAUDIT_IMDB")
    if not named:
        pytest.skip("PLAUDIT_IMDB names no copy of the Large Movie Review Dataset")
    return Path(named)


@pytest.fixture(scope="module")
def real_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.realdata
@pytest.mark.slow
def test_the_real_data_set(real_imdb: Path, real_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(real_cache))
    splits = load_imdb(data_dir=real_imdb)
    assert splits.train.class_counts() == {"neg": 12_500, "pos": 12_500}
    assert splits.test is not None
    assert splits.test.class_counts() == {"neg": 12_500, "pos": 12_500}
    assert splits.unlabelled is not None
    assert len(splits.unlabelled) == 50_000
    films = [set(part.extra["film"].to_pylist()) for part in (splits.train, splits.test)]
    assert films[0] & films[1] == {"tt0406816"}  # at the seam: the last two of train/neg, the first of test
    assert max(Counter(splits.train.extra["film"].to_pylist()).values()) == 30
    for part in (splits.train, splits.test):
        stars = part.extra["stars"].to_numpy()
        assert part.labels is not None
        assert stars[part.labels == 0].max() == 4
        assert stars[part.labels == 1].min() == 7


@pytest.mark.realdata
@pytest.mark.slow
def test_the_real_order_never_changes(real_imdb: Path, real_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(real_cache))
    splits = load_imdb(data_dir=real_imdb)
    digests = {}
    for part in (splits.train, splits.test, splits.unlabelled):
        assert part is not None
        digests[part.name] = hashlib.sha256("\n".join(part.extra["file"].to_pylist()).encode()).hexdigest()[:16]
    # Pinned from the first load ever; a change here changes what "the first 10,000" are, and so every figure.
    assert digests == {
        "imdb (train)": "efcdcd53024928d3",
        "imdb (test)": "a749a8b5cb57a7b0",
        "imdb (unlabelled)": "ff223c83bc243182",
    }


@pytest.mark.realdata
@pytest.mark.slow
def test_the_second_real_load_reads_no_tarball(
    real_imdb: Path, real_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long it takes is measured by benchmarks/startup.py."""
    monkeypatch.setenv("PLAUDIT_CACHE", str(real_cache))
    load_imdb(data_dir=real_imdb)
    monkeypatch.setattr("plaudit.data.imdb.read_members", lambda path: pytest.fail(f"{path} was read again"))
    assert len(load_imdb(data_dir=real_imdb).train) == 25_000
