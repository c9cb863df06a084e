"""An optional dependency that is not there, one that is damaged, and one that memory is too short for."""

from pathlib import Path

import pytest

from plaudit.app.errors_as_lines import lacks_memory
from plaudit.errors import MissingExtraError, require


@pytest.mark.parametrize(
    ("source", "message", "is_memory"),
    [
        ("import not_there_at_all", "^Testing needs not_there_at_all, which is not installed: pip", False),
        ("raise OSError('wrong ELF class')", r"installed but cannot be imported \(wrong ELF class\)", False),
        ("raise ImportError('a.so: failed to map segment from shared object')", "cannot be imported", True),
        ("raise MemoryError", "^$", True),
    ],
)  # fmt: skip
def test_what_is_installed_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str, is_memory: bool
) -> None:
    name = f"brought_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises((MissingExtraError, MemoryError), match=message) as caught:
        require(name, extra="x", purpose="Testing")
    assert lacks_memory(caught.value) is is_memory
