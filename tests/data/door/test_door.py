"""Small files of all kinds through every command that reads texts: each right, noted, or refused with a remedy.

`door_case.Case` says what is expected, `doors.Doors` opens them. No cell differs between doors: all are held to the
same rows.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import delimited_cases
import encoded_cases
import meaning_cases
import pyarrow as pa
import pytest
import record_cases
import sheet_cases
from door_case import Case, Label
from doors import DOORS, Doors, Found
from served import served

from plaudit.data.faults import is_blank

CASES = [*delimited_cases.CASES, *encoded_cases.CASES, *record_cases.CASES, *meaning_cases.CASES, *sheet_cases.CASES]
CELLS = [(case, door) for case in CASES for door in DOORS if door not in case.skip]
COUNTS: Counter[str] = Counter()


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All doors; the server runs in this process."""
    folder = tmp_path_factory.mktemp("doors")
    try:
        with served(Doors(folder / "served", None).model(CASES[0])) as server:
            yield Doors(folder, server)
    except ImportError:
        yield Doors(folder, None)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the files of each case lie, written when they are first asked for."""
    return {case.name: tmp_path_factory.mktemp("case", numbered=True) for case in CASES}


def _place(case: Case, places: dict[str, Path]) -> Path:
    place = places[case.name]
    for name, content in case.files.items():
        path = place / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return place


@pytest.mark.parametrize(("case", "door"), CELLS, ids=[f"{door}-{case.name}" for case, door in CELLS])
def test_the_door(
    case: Case, door: str, doors: Doors, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if door == "server" and doors.serves_nothing:
        pytest.skip("needs the extra serve")
    monkeypatch.chdir(tmp_path)
    place = _place(case, places)
    found = doors.open(door, case, place)
    if door in ("predict", "server"):
        _check_scored(case, found, door)
    else:
        _check_read(case, found, door)


def _check_read(case: Case, found: Found, door: str) -> None:
    rows = {"audit": case.audited_rows, "evaluate": case.evaluated or case.rows}.get(door, case.rows)
    if not rows:
        pattern = str(case.refused)
        _check_refusal(case, found, pattern + ("|unknown class" if door == "evaluate" else ""))
        return
    assert not found.is_refusal, found.said
    assert found.rows is not None
    expected, read = ([(text, _set(label)) for text, label in each] for each in (rows, found.rows))
    if door in ("train", "streaming"):
        expected, read = sorted(expected, key=repr), sorted(read, key=repr)
    assert read == expected
    is_collected = door == "audit" and "--skip-invalid" in case.flags  # it leaves none out
    patterns = [case.said] if door == "evaluate" or is_collected else [case.said, case.noted]
    for said in patterns:
        assert said is None or re.search(said, _flat(found.said)), found.said
    COUNTS["noted" if any(patterns) else "right"] += 1


def _check_scored(case: Case, found: Found, door: str) -> None:
    texts = case.scored_texts
    if texts is None:
        _check_refusal(case, found, str(case.why or case.refused))
        return
    if door == "server" and not any(text is not None for text in texts):
        _check_refusal(case, found, str(case.why or case.refused))  # nothing to answer
        return
    assert not found.is_refusal, found.said
    read, expected = found.texts, [text for text in texts if text is not None]
    if door == "predict":  # several batches are scored at a time
        read, expected = sorted(read or ()), sorted(expected)
    assert read == expected
    assert found.n_rows == len(texts)
    n_unscored = texts.count(None)
    if door == "predict":
        there = pa.array([text for text in texts if text is not None], pa.large_string())
        n_blank = int(is_blank(there).sum())  # answered, with that as the reason
        reasons = [reason for reason in found.reasons if reason != "the text is blank"]
        assert (len(reasons), len(found.reasons)) == (n_unscored, n_unscored + n_blank)
        assert found.code == (3 if 2 * n_unscored > len(texts) else 0), found.said
        assert all(re.search(str(case.why or case.refused), reason) for reason in reasons) or case.rows, found.reasons
        pattern = case.told or case.said
        assert pattern is None or re.search(pattern, _flat(found.said)), found.said
    COUNTS["noted" if n_unscored or case.said else "right"] += 1


def _check_refusal(case: Case, found: Found, pattern: str) -> None:
    assert found.is_refusal, found.said or found
    assert re.search(pattern, _flat(found.said)), found.said
    if found.code == 2:
        names = {Path(case.source).name, *(Path(name).name for name in case.files)} - {""}
        assert any(name in found.said for name in names) or "--" in found.said, found.said
    if case.line is not None and "unknown class" not in found.said:
        assert re.search(rf"(:|lines? |rows? ){case.line}\b", found.said), found.said
    COUNTS["refused"] += 1


def _set(label: Label) -> Label:
    """Return a label, the names of a set in one order."""
    return tuple(sorted(label)) if isinstance(label, tuple) else label


def _flat(said: str) -> str:
    return " ".join(said.split())


def test_the_table_is_large(capsys: pytest.CaptureFixture[str]) -> None:
    """Its count is printed."""
    assert len({case.name for case in CASES}) == len(CASES) >= 150
    cells = ", ".join(f"{n:,} {what}" for what, n in sorted(COUNTS.items()))
    with capsys.disabled():
        sys.stdout.write(f"\n{len(CASES)} files x {len(DOORS)} doors, {len(CELLS):,} cells: {cells}\n")
