"""Each row knows where it stands in the file that it was read from, through every division."""

from pathlib import Path

import numpy as np
import pytest

from plaudit.data import Dataset, read_file
from plaudit.data.places import Places


def places(dataset: Dataset) -> list[str]:
    assert dataset.places is not None
    return [dataset.places.where(row) for row in range(len(dataset))]


def test_lines_of_a_table_whose_texts_go_over_several(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\n"two\nlines",x\nplain,y\n\nlast,x\n', encoding="utf-8")
    dataset = read_file(path)
    assert places(dataset) == [f"{path}:2", f"{path}:4", f"{path}:6"]
    assert places(dataset.take(np.array([2, 0]))) == [f"{path}:6", f"{path}:2"]


def test_rows_of_parquet_and_lines_of_json(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["good", "bad"], "label": ["x", "y"]}), tmp_path / "a.parquet")
    assert places(read_file(tmp_path / "a.parquet"))[1].endswith("a.parquet, row 2")
    (tmp_path / "a.jsonl").write_text(
        '{"text": "good", "label": "x"}\n{"text": "bad", "label": "y"}\n', encoding="utf-8"
    )
    assert places(read_file(tmp_path / "a.jsonl"))[1].endswith("a.jsonl:2")


def test_a_folder_of_texts_has_their_files(tmp_path: Path) -> None:
    for label in ("x", "y"):
        (tmp_path / "texts" / label).mkdir(parents=True)
        (tmp_path / "texts" / label / "one.txt").write_text(f"good {label}", encoding="utf-8")
    found = places(read_file(tmp_path / "texts"))
    assert [each.replace(str(tmp_path), "") for each in found] == ["/texts/x/one.txt", "/texts/y/one.txt"]


@pytest.mark.parametrize("kind", ["line", "row"])
def test_several_sources_are_told_apart(kind: str) -> None:
    found = Places.of([("a", kind, range(1, 3)), ("b", kind, [5]), ("a", kind, [9]), ("c", "file", ["x.txt"])])
    shown = [found.where(i) for i in range(5)]
    expected = ["a:1", "a:2", "b:5", "a:9"] if kind == "line" else ["a, row 1", "a, row 2", "b, row 5", "a, row 9"]
    assert shown == [*expected, "c/x.txt"]
