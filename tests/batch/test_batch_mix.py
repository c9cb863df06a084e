"""Any mix of formats in and out keeps rows, order and columns."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plaudit
from plaudit.batch import Options, predict_files
from plaudit.config import DataSpec
from plaudit.data.readers import rows
from plaudit.errors import ConfigError, DataError
from plaudit.models import DecisionRule, NetworkClassifier

Command = Callable[..., Any]
FORMATS = ("csv", "tsv", "jsonl", "parquet")
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\t\r\n"), max_size=20)
TABLES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=10)


@pytest.fixture(scope="module")
def model(network: NetworkClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "model"
    network.save(folder)
    return folder


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 4)


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(records[0]))
            writer.writeheader()
            writer.writerows(records)
    elif path.suffix == ".tsv":
        lines = [list(records[0]), *(list(record.values()) for record in records)]
        path.write_bytes("".join("\t".join(line) + "\n" for line in lines).encode())
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(records), path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_bytes().splitlines()]
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    if path.suffix == ".tsv":
        header, *lines = path.read_bytes().decode().removesuffix("\n").split("\n")
        return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(TABLES, st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_any_mix_keeps_rows_order_and_columns(
    model: Path, tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str]], before: str, after: str
) -> None:
    place = tmp_path_factory.mktemp("mix")
    records = [{"id": f"{i:03}", "remark": remark, "text": text} for i, (remark, text) in enumerate(table)]
    source, target = write(place / f"in.{before}", records), place / f"out.{after}"
    totals = predict_files(model, str(source), target)
    found = read(target)
    assert [{name: row[name] for name in ("id", "remark", "text")} for row in found] == records
    assert [list(row)[-3:] for row in found] == [["prediction", "probability", "reason"]] * len(records)
    classifier = plaudit.load(model)
    texts = [record["text"] for record in records]
    assert [row["prediction"] for row in found] == classifier.predict(texts).tolist()
    likeliest = classifier.predict_proba(texts).max(axis=1)
    assert [float(row["probability"]) for row in found] == pytest.approx(likeliest.tolist())
    assert all(row["reason"] in ("", None, "the text is blank") for row in found)
    assert (totals.rows, totals.unanswered) == (len(records), 0)
    assert sorted(path.name for path in place.iterdir()) == sorted([source.name, target.name])


def test_json_lines_come_back_as_they_stand(model: Path, tmp_path: Path) -> None:
    lines = ['{"n": 12345678901234567890123, "text":"good" }', '{"text": "bad", "x": 1.0, "é": {"b": 1, "a": null}}']
    (tmp_path / "in.jsonl").write_text("\n".join([*lines, "{broken"]) + "\n", encoding="utf-8")
    predict_files(model, str(tmp_path / "in.jsonl"), tmp_path / "out.jsonl")
    first, second, third = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    one, other = plaudit.load(model).predict(["good", "bad"]).tolist()
    kept = '{"n": 12345678901234567890123, "text":"good", '
    assert first.startswith(f'{kept}"prediction": "{one}", "probability": 0.')
    assert second.startswith(f'{lines[1].removesuffix("}")}, "prediction": "{other}", "probability": 0.')
    assert json.loads(third) == {"prediction": None, "probability": None, "reason": json.loads(third)["reason"]}
    assert f"{tmp_path}/in.jsonl:3: not JSON" in third


def test_typed_columns_stay_typed(model: Path, tmp_path: Path) -> None:
    table = pa.table({"text": ["good", None], "tags": [["a"], None], "stars": pa.array([1, None], pa.int8())})
    pq.write_table(table, tmp_path / "in.parquet")
    totals = predict_files(model, str(tmp_path / "in.parquet"), tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.select(["text", "tags", "stars"]).equals(table)
    assert found["prediction"].to_pylist() == [*plaudit.load(model).predict(["good"]), None]
    assert found["reason"].to_pylist() == [None, f"{tmp_path}/in.parquet, row 2: no text"]
    assert (totals.unanswered, totals.unscored) == (1, 1)


def test_a_folder_of_files_becomes_one_file_or_a_folder(command: Command, model: Path, tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.csv"):
        write(tmp_path / "logs" / name, [{"text": f"good {name} {i}", "only": name} for i in range(5)])
    (tmp_path / "logs" / "_SUCCESS").touch()
    (tmp_path / "logs" / "empty.jsonl").touch()
    expected = [f"good {name}.csv {i}" for name in "abc" for i in range(5)]
    for source in ("logs", "logs/*"):
        target = "whole.csv" if source == "logs" else "whole.parquet"
        if source == "logs/*":
            (tmp_path / "logs" / "_SUCCESS").unlink()
        command("predict", model, "-i", source, "-o", target)
        assert [row["text"] for row in read(tmp_path / target)] == expected
    command("predict", model, "-i", "logs", "-o", "answers")
    assert sorted(path.name for path in (tmp_path / "answers").iterdir()) == ["a.csv", "b.csv", "c.csv", "empty.jsonl"]
    assert [row["text"] for row in read(tmp_path / "answers" / "b.csv")] == expected[5:10]
    assert "answers: is there and not empty" in command("predict", model, "-i", "logs", "-o", "answers", code=2).err
    printed = command("predict", model, "-i", "logs").out
    assert [row["text"] for row in csv.DictReader(io.StringIO(printed))] == expected


def test_columns_of_several_files_are_put_together(model: Path, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", [{"text": "good", "x": "1"}])
    write(tmp_path / "in" / "b.jsonl", [{"y": "2", "text": "bad"}])
    predict_files(model, str(tmp_path / "in"), tmp_path / "out.jsonl")
    assert [(row["text"], row["x"], row["y"]) for row in read(tmp_path / "out.jsonl")] == [
        ("good", "1", None),
        ("bad", None, "2"),
    ]
    write(tmp_path / "in" / "c.parquet", [{"text": "x", "y": 5}])
    with pytest.raises(DataError, match=r"incompatible types.*name a folder as the output"):
        predict_files(model, str(tmp_path / "in"), tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.jsonl"]


def test_names_that_meet_in_the_output_folder_are_refused(model: Path, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", [{"text": "good"}])
    (tmp_path / "in" / "a.txt").write_text("good\n")
    with pytest.raises(ConfigError, match=r"two inputs would be written to 'a\.csv'"):
        predict_files(model, str(tmp_path / "in" / "*"), tmp_path / "out")
    assert not (tmp_path / ".out.plaudit").exists()


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "-"])
def test_strict_stops_at_the_first_row_without_a_text(
    command: Command, model: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "good"}\n{"text": null}\n{"text": "bad"}\n')
    done = command("predict", model, "-i", "in.jsonl", "-o", target, "--strict", code=2)
    assert "in.jsonl:2: no text" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]
    (tmp_path / "in.jsonl").write_text('{"text": "good", "reason": "mine"}\n')
    assert "a column is named 'reason'" in command("predict", model, "-i", "in.jsonl", "-o", target, code=2).err
    command("predict", model, "-i", "in.jsonl", "-o", "out.jsonl", "--strict")
    (row,) = read(tmp_path / "out.jsonl")
    assert (row["reason"], list(row)[-1]) == ("mine", "probability")


def test_no_answer_by_the_rule_has_no_reason(command: Command, model: Path, tmp_path: Path) -> None:
    classifier = plaudit.load(model).set_rule(DecisionRule(abstain_below=1.0))
    classifier.save(tmp_path / "unsure")
    (tmp_path / "in.csv").write_text("text\ngood\n\n")
    done = command("predict", "unsure", "-i", "in.csv", "-o", "out.jsonl")
    assert "2 rows, " in done.err
    assert "; 2 without an answer -> out.jsonl." in done.err
    found = read(tmp_path / "out.jsonl")
    assert [(row["prediction"], row["reason"]) for row in found] == [
        (None, None),
        (None, "no answer: the text is blank"),
    ]
    assert all(row["probability"] >= 0.5 for row in found)


def test_what_is_unlike_the_training_texts_has_that_reason(command: Command, model: Path, tmp_path: Path) -> None:
    like = [f"good {word}" for word in ("film", "plot", "cast", "end")] * 30
    classifier = plaudit.load(model).learn_scope(like, like).set_rule(DecisionRule(unlike=0.01))
    classifier.save(tmp_path / "scoped")
    (tmp_path / "in.csv").write_text("text\ngood film\nzxqv\n\n")
    command("predict", "scoped", "-i", "in.csv", "-o", "out.jsonl")
    found = read(tmp_path / "out.jsonl")
    said = "no answer: unlike the training texts"
    assert [row["reason"] for row in found] == [None, said, "no answer: the text is blank"]
    classifier.set_rule(None).save(tmp_path / "free")
    command("predict", "free", "-i", "in.csv", "-o", "all.jsonl")
    rows = read(tmp_path / "all.jsonl")
    assert [row["reason"] for row in rows] == [None, "unlike the training texts", "the text is blank"]
    assert None not in [row["prediction"] for row in rows]
    assert [row["prediction"] is None for row in found] == [False, True, True]


def test_a_header_without_rows_is_refused_and_nothing_is_replaced(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n")
    for suffix in FORMATS:
        (tmp_path / f"out.{suffix}").write_text("earlier")
        with pytest.raises(DataError, match=r"in\.csv: no rows; nothing was scored, and nothing was written"):
            predict_files(model, str(tmp_path / "in.csv"), tmp_path / f"out.{suffix}")
        assert (tmp_path / f"out.{suffix}").read_text() == "earlier"


def test_sets_of_labels_tell_none_from_unscored(mood_network: NetworkClassifier, tmp_path: Path) -> None:
    mood_network.save(tmp_path / "moods")
    (tmp_path / "in.jsonl").write_text('{"text": "film"}\n{"text": null}\n')
    predict_files(tmp_path / "moods", str(tmp_path / "in.jsonl"), tmp_path / "out.jsonl")
    first, second = read(tmp_path / "out.jsonl")
    assert isinstance(first["prediction"], list)
    assert list(first)[1:] == ["prediction", "probability_calm", "probability_glad", "probability_sad", "reason"]
    assert (second["prediction"], second["probability_calm"]) == (None, None)


def test_standard_input_is_read_in_every_format(
    command: Command, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [{"text": f"good {i}", "id": str(i)} for i in range(9)]
    for suffix in FORMATS:
        path = write(tmp_path / f"in.{suffix}", records)
        for target in ("out.csv", "out.parquet", "out.jsonl"):
            with path.open() as file:
                monkeypatch.setattr("sys.stdin", file)
                predict_files(model, "-", tmp_path / target, options=Options(DataSpec(format=suffix)))
            assert [(row["text"], row["id"]) for row in read(tmp_path / target)] == [
                (record["text"], record["id"]) for record in records
            ]
    assert not list(tmp_path.glob(".*"))
    assert "-i -: name the input's format, --format" in command("predict", model, "-i", "-", code=2).err
    words = ("-i", "-", "--format", "csv", "--resume", "-o", "out.csv")
    assert "standard input cannot be read again" in command("predict", model, *words, code=2).err


def test_tsv_says_which_row_it_cannot_hold(command: Command, model: Path, tmp_path: Path) -> None:
    write(tmp_path / "in.jsonl", [{"text": "fine"}] * 9 + [{"text": "a\tb"}])
    done = command("predict", model, "-i", "in.jsonl", "-o", "out.tsv", code=2)
    assert "row 10 holds a tab" in done.err
    assert os.listdir(tmp_path) == ["in.jsonl"]  # noqa: PTH208 - the hidden ones too
