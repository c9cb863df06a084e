"""Rows whose labels are odd, as an audit finds them."""

from pathlib import Path

from plaudit.audit.corpus import load_corpus
from plaudit.audit.findings import label_findings


def _file(folder: Path, labels: list[str]) -> str:
    path = folder / "f.csv"
    path.write_text("text,label\n" + "".join(f"some words that say {i},{label}\n" for i, label in enumerate(labels)))
    return str(path)


def test_rows_with_the_rarer_of_labels_that_look_alike_are_found(tmp_path: Path) -> None:
    corpus = load_corpus(_file(tmp_path, ["spam", "Spam", "ham", "spam", "sp\u200bam", "ham"]))
    found = label_findings(corpus)
    assert sorted((each.kind, each.row) for each in found) == [("alike label", 1), ("alike label", 4)]
    assert {each.detail for each in found} == {
        "label 'Spam' (1); 'spam' is commoner", "label 'sp\\u200bam' (1); 'spam' is commoner",
    }  # fmt: skip


def test_rows_with_a_word_for_no_label_are_found(tmp_path: Path) -> None:
    found = label_findings(load_corpus(_file(tmp_path, ["a", "N/A", "b", "a", "nan", "b"])))
    assert [(each.kind, each.row) for each in found] == [("odd label", 1), ("odd label", 4)]


def test_ordinary_labels_are_not(tmp_path: Path) -> None:
    assert label_findings(load_corpus(_file(tmp_path, ["a", "b"] * 3))) == []
