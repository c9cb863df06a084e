"""A folder appears whole or not at all, whoever else is writing."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit.data.publish import publish_folder


def publish(target: Path, content: str) -> None:
    with publish_folder(target) as folder:
        (folder / "file").write_text(content)


def test_what_was_written_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "made" / "on" / "the" / "way"
    with publish_folder(target) as folder:
        (folder / "file").write_text("new")
        assert not target.exists()
    assert (target / "file").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["way"]


def test_an_older_folder_is_replaced_whole(tmp_path: Path) -> None:
    publish(tmp_path / "target", "old")
    (tmp_path / "target" / "another").write_text("old")
    publish(tmp_path / "target", "new")
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["file"]
    assert (tmp_path / "target" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_when_the_block_fails_the_older_folder_stays_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    publish(tmp_path / "target", "old")
    with pytest.raises(type(error)), publish_folder(tmp_path / "target") as folder:  # noqa: PT012
        (folder / "file").write_text("half")
        raise error
    assert (tmp_path / "target" / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_when_the_last_move_fails_the_older_folder_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path / "target", "old")
    errors = iter([errno.ENOTEMPTY, errno.EIO])

    def refuse(source: Path, target: Path) -> None:
        raise OSError(next(errors), "refused")

    monkeypatch.setattr(os, "rename", refuse)
    monkeypatch.setattr(Path, "rename", lambda self, target: os.replace(self, target))  # noqa: PTH105
    with pytest.raises(OSError, match="refused"):
        publish(tmp_path / "target", "new")
    assert (tmp_path / "target" / "file").read_text() == "old"


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    with pytest.raises(NotADirectoryError, match="target"):
        publish(tmp_path / "target", "new")
    assert (tmp_path / "target").read_text() == "mine"


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    publish(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    publish(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"


MANY = """
import sys
from pathlib import Path
from plaudit.data.publish import publish_folder
for i in range(150):
    with publish_folder(Path(sys.argv[1])) as folder:
        for name in "ab":
            (folder / name).write_text(f"{sys.argv[2]} {i}")
"""


def test_several_processes_at_once_all_succeed_and_one_of_them_stays(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    commands = [[sys.executable, "-c", MANY, str(tmp_path / "target"), name] for name in "uvwxyz"]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for command in commands]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, errors
    assert errors == [b""] * 6
    contents = {path.read_text() for path in (tmp_path / "target").iterdir()}
    assert len(contents) == 1
    assert contents.pop().endswith(" 149")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
