"""What bytes of others may cost is one value, and who asks for work says it."""

import contextvars
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import plaudit
from plaudit.budget import OWN, SERVER, VARIABLE, Budget, current, read_document, spending
from plaudit.errors import ConfigError, LimitError
from plaudit.models.remembered import remembered_spec


def test_a_persons_own_budget_holds_until_another_is_given() -> None:
    assert current() == OWN
    with spending(SERVER):
        assert current() is SERVER
    assert current() == OWN


@pytest.mark.parametrize(
    ("check", "limit", "unit"),
    [
        (Budget.check_columns, "columns", "columns"),
        (Budget.check_dimensions, "dimensions", "numbers a vector"),
        (Budget.check_row, "row_bytes", "bytes in a row"),
        (Budget.check_members, "members", "files"),
    ],
)
def test_what_is_over_a_limit_names_the_limit_and_the_remedy(check: object, limit: str, unit: str) -> None:
    assert callable(check)
    given: dict[str, Any] = {limit: 1_000}
    budget = replace(OWN, **given)
    check(budget, 1_000, "it")
    with pytest.raises(LimitError, match=rf"^it: 1,001 {unit}; at most 1,000 .*{VARIABLE}={limit}=1002\.$") as caught:
        check(budget, 1_001, "it")
    assert caught.value.limit == limit


def test_more_labels_than_are_read_name_one_and_the_option() -> None:
    SERVER.check_classes({str(i): 1 for i in range(4_096)}, "it")
    with pytest.raises(LimitError, match=r"^it: 4,097 different labels, such as '0' \(--label-column .*at most 4,096"):
        SERVER.check_classes({str(i): 1 for i in range(4_097)}, "it")


def test_a_file_that_is_read_whole_has_a_bound(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("a = 'é'\n", encoding="utf-8")
    assert read_document(tmp_path / "run.toml") == "a = 'é'\n"
    with (tmp_path / "run.toml").open("wb") as file:
        file.truncate(10**11)
    with pytest.raises(OSError, match="larger than 64 MiB"):
        read_document(tmp_path / "run.toml")
    assert remembered_spec(tmp_path) is None


def test_a_server_names_no_remedy_that_a_client_has_not() -> None:
    with pytest.raises(LimitError, match=r"^it: 1,001 columns; at most 1,000 are read\.$"):
        SERVER.check_columns(1_001, "it")


def test_little_may_expand_as_it_likes_and_much_within_a_ratio() -> None:
    budget = Budget(ratio=10, free_bytes=1_000, expanded_bytes=5_000)
    budget.check_expansion(1, 1_000, "it")
    budget.check_expansion(200, 2_000, "it")
    with pytest.raises(LimitError, match=r"2,001 bytes or more out of 200 compressed ones; at most 10 times"):
        budget.check_expansion(200, 2_001, "it")
    with pytest.raises(LimitError, match="5,001 bytes uncompressed"):
        budget.check_expansion(5_000, 5_001, "it")


def test_time_is_over_when_it_is_or_when_nobody_waits() -> None:
    Budget().check_time("it")
    Budget().until(seconds=60).check_time("it")
    with pytest.raises(LimitError, match="out of time") as caught:
        Budget().until(seconds=-1).check_time("it")
    assert caught.value.limit == "seconds"
    left = threading.Event()
    budget = Budget().until(seconds=60, cancelled=left)
    budget.check_time("it")
    left.set()
    with pytest.raises(LimitError, match="the client has disconnected") as caught:
        budget.check_time("it")
    assert caught.value.limit == "cancelled"


def test_a_person_raises_a_limit_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "columns=50000, ratio=1000")
    assert (current().columns, current().ratio, current().members) == (50_000, 1_000, OWN.members)
    for wrong in ("columns", "columns=-1", "nope=3", "columns=٣", "deadline=4"):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(ConfigError, match="expected LIMIT=NUMBER"):
            current()
    monkeypatch.setenv(VARIABLE, "columns=0")
    with pytest.raises(ConfigError, match="at least 1"):
        current()


def test_a_thread_has_the_budget_only_when_it_is_handed_on() -> None:
    seen: list[Budget] = []

    def look() -> None:
        seen.append(current())

    with spending(SERVER):
        context = contextvars.copy_context()
        for thread in (threading.Thread(target=look), threading.Thread(target=context.run, args=(look,))):
            thread.start()
            thread.join()
    assert seen == [OWN, SERVER]


def test_no_time_limit_depends_on_the_clock_on_the_wall() -> None:
    """A clock that is set, or jumps, ends nothing early and lets nothing run for ever."""
    source = Path(plaudit.__file__).parent
    read = {path.relative_to(source).as_posix() for path in source.rglob("*.py")
            if re.search(r"\btime\.time\(|datetime\.now\(", path.read_text(encoding="utf-8"))}  # fmt: skip
    assert read == {"evaluation/openings.py", "app/report.py", "app/run/record.py"}  # dates for people
