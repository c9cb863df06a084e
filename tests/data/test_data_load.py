import json
from pathlib import Path

import pytest

from plaudit.data import load_dataset
from plaudit.errors import DataError

# Files of a few rows have classes with a single text, of which Python code is warned.
pytestmark = pytest.mark.filterwarnings("ignore::plaudit.LabelWarning")

ROWS = {"train": [("good", "pos"), ("bad", "neg")], "test": [("better", "pos")], "dev": [("worse", "neg")]}


def write_csv(path: Path, rows: list[tuple[str, str]], header: str = "text,label") -> Path:
    path.write_text("\n".join([header, *map(",".join, rows)]) + "\n")
    return path


def write_folder(folder: Path, rows: list[tuple[str, str]]) -> None:
    for text, label in rows:
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / f"{text}.txt").write_text(text)


def test_a_file_is_all_train(tmp_path: Path) -> None:
    splits = load_dataset(write_csv(tmp_path / "mine.csv", ROWS["train"]))
    assert splits.train.texts.to_pylist() == ["good", "bad"]
    assert splits.test is None
    assert splits.validation is None
    assert splits.unlabelled is None


def test_column_names_and_format_are_passed_on(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "mine.data", [("1", "good", "pos"), ("2", "bad", "neg")], "id,said,kind")  # type: ignore[list-item]
    splits = load_dataset(str(path), text_column="said", label_column="kind", format="csv")
    assert splits.train.label_names() == ["pos", "neg"]


@pytest.mark.parametrize("validation", ["dev", "valid", "validation", "val"])
def test_a_folder_of_files_is_read_as_parts(validation: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ROWS["train"])
    write_csv(tmp_path / f"{validation}.csv", ROWS["dev"])
    (tmp_path / "test.jsonl").write_text(json.dumps({"text": "better", "label": "pos"}))
    (tmp_path / "README.md").write_text("notes")
    (tmp_path / "train_clean.csv").write_text("another file")
    splits = load_dataset(tmp_path)
    assert splits.test is not None
    assert splits.validation is not None
    for part in (splits.train, splits.test, splits.validation):
        assert part.classes == ("neg", "pos")
    assert splits.test.label_names() == ["pos"]
    assert splits.validation.label_names() == ["neg"]


def test_a_folder_of_class_folders_is_read_as_parts(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", ROWS["train"])
    write_folder(tmp_path / "test", ROWS["test"])
    splits = load_dataset(tmp_path)
    assert splits.train.class_counts() == {"neg": 1, "pos": 1}
    assert splits.test is not None
    assert splits.test.class_counts() == {"neg": 0, "pos": 1}


def test_a_part_not_asked_for_is_not_opened(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ROWS["train"])
    (tmp_path / "test.csv").write_bytes(b"")
    splits = load_dataset(tmp_path, parts=("train", "validation"))
    assert splits.test is None
    assert load_dataset("sample", parts=("train",)).test is None
    with pytest.raises(DataError, match=r"test\.csv: the file is empty"):
        load_dataset(tmp_path)
    with pytest.raises(DataError, match="sample: there is no part 'dev'; the parts are train, test"):
        load_dataset("sample", parts=("dev",))


def test_a_folder_without_train_is_a_folder_per_class(tmp_path: Path) -> None:
    write_folder(tmp_path, [("exam", "test"), ("walk", "leisure")])
    assert load_dataset(tmp_path).train.classes == ("leisure", "test")


def test_a_class_that_only_the_test_part_has_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ROWS["train"])
    write_csv(tmp_path / "test.csv", [("good", "pos"), ("so so", "mixed")])
    with pytest.raises(DataError, match=r"test\.csv:3: unknown class 'mixed'; expected one of neg, pos"):
        load_dataset(tmp_path)


def test_two_files_for_one_part_are_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ROWS["train"])
    write_csv(tmp_path / "dev.csv", ROWS["dev"])
    write_csv(tmp_path / "valid.csv", ROWS["dev"])
    with pytest.raises(DataError, match=r"both dev\.csv and valid\.csv could be the validation part"):
        load_dataset(tmp_path)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"imbd: no such data set, file or folder \(looked in /.*imdb and sample"):
        load_dataset("imbd")


def test_a_known_name_wins_over_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "sample", ROWS["train"])
    assert load_dataset("sample").train.name == "sample (train)"
    assert load_dataset("./sample").train.name == "sample"


def test_a_data_dir_is_for_imdb_only(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sample: --data-dir says where imdb is"):
        load_dataset("sample", data_dir=tmp_path)


def test_imdb_takes_its_data_dir(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere \(from --data-dir\): no such file or folder"):
        load_dataset("imdb", data_dir=tmp_path / "nowhere")


def test_the_folder_of_imdb_is_read_as_imdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    for name in ("train/neg", "train/pos", "train/unsup", "test/neg", "test/pos"):
        (tmp_path / "aclImdb" / name).mkdir(parents=True)
    with pytest.raises(DataError, match=r"expected 12,500 reviews in train/neg, got 0"):
        load_dataset(tmp_path / "aclImdb")
