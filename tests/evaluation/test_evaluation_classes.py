"""Labels of a file meet the classes of a model, whatever their type."""

from pathlib import Path

import plaudit


def test_a_model_of_booleans_is_measured_on_a_file_of_true_and_false(tmp_path: Path) -> None:
    rows = [("good film", True), ("bad film", False), ("good, good", True), ("bad, bad", False)] * 5
    model = plaudit.NetworkClassifier("random", epochs=2)
    model.fit([text for text, _ in rows], [label for _, label in rows])
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f'{{"text": "{t}", "label": {str(y).lower()}}}\n' for t, y in rows), encoding="utf-8")
    assert plaudit.evaluate(model, plaudit.read_file(path)).classes == ("false", "true")
