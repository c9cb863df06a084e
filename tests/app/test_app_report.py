"""`plaudit report`: the page of any recipe and task, from the folder alone, and measured anew."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plaudit.app.run.record import audit_command
from plaudit.app.train.run import run_training
from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from plaudit.data import Dataset, load_sample
from plaudit.models import NetworkClassifier
from plaudit.report import read_facts

pytest.importorskip("jinja2", reason="the report needs the extra train")
Command = Callable[..., Any]
Rows = Callable[[str, Dataset], Path]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_page_is_written_again_from_the_folder_alone(command: Command, sample_model: Path, tmp_path: Path) -> None:
    before = read(sample_model / "report.html")
    (sample_model / "report.html").unlink()
    assert "report.html" in command("report", sample_model).out
    assert read(sample_model / "report.html") == before
    command("report", sample_model, "-o", "other.html")
    assert read(tmp_path / "other.html") == before


def test_the_page_counts_later_openings(command: Command, sample_model: Path) -> None:
    assert "had been opened once" in read(sample_model / "report.html")
    command("evaluate", sample_model, "sample")
    command("report", sample_model)
    assert "had been opened 2 times" in read(sample_model / "report.html")


def test_the_page_tells_the_rule_in_force(command: Command, sample_model: Path) -> None:
    command("threshold", sample_model, "--class", "pos", "--recall", "0.9", "--apply")
    command("report", sample_model)
    page = read(sample_model / "report.html")
    assert "Decision rule, chosen later" in page
    assert "those of the model as it is now" not in page


def test_other_data_are_measured_and_counted(command: Command, sample_model: Path, write_rows: Rows) -> None:
    test = load_sample().test
    assert test is not None
    quoted = test.take(np.arange(40))
    lines = zip(quoted.texts.to_pylist(), quoted.label_names(), strict=True)
    file = Path("new.jsonl")
    file.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in lines), encoding="utf-8")
    for openings in ("once", "2 times"):
        command("report", sample_model, "--data", file)
        page = read(sample_model / "report-new.html")
        assert "new.jsonl: every row" in page
        assert f"opened {openings}" in page
        assert "Measured on 40 texts" in page
    assert "had been opened once" in read(sample_model / "report.html")


def test_a_model_without_facts_says_what_to_do(
    command: Command, network: NetworkClassifier, tmp_path: Path, sample_model: Path
) -> None:
    network.save(tmp_path / "saved")
    assert "Train it with `plaudit train`" in command("report", "saved", code=2).err
    assert "does not exist" in command("report", "nowhere", code=2).err
    assert "is a folder" in command("report", sample_model, "-o", tmp_path, code=2).err
    assert "cannot be written" in command("report", sample_model, "-o", "no/such/place.html", code=2).err
    assert "name data too" in command("report", sample_model, "--text-column", "x", code=2).err
    facts = read(sample_model / "report.json").replace('"is_refit": false', '"is_refit": 0')
    (sample_model / "report.json").write_text(facts, encoding="utf-8")
    assert "damaged" in command("report", sample_model, code=2).err


def test_without_jinja_training_ends_and_says_so(
    command: Command, sample_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = command("train", "sample", "--recipe", "ngram", "-o", "m")
    assert "note: Writing the report needs jinja2" in done.out
    assert "report.html shows" not in done.out
    assert (tmp_path / "m" / "report.json").is_file()
    assert "pip install 'plaudit[train]'" in command("report", sample_model, code=2).err


@pytest.mark.parametrize("recipe", ["network", "ngram"])
@pytest.mark.parametrize("data", ["reviews", "topics", "moods"])
def test_every_task_has_a_page(
    command: Command, tmp_path: Path, request: pytest.FixtureRequest, recipe: str, data: str
) -> None:
    dataset: Dataset = request.getfixturevalue(data)
    rows = [
        {"text": text, "label": list(label) if isinstance(label, tuple) else label, "shop": "ab"[i % 2]}
        for i, (text, label) in enumerate(zip(dataset.texts.to_pylist(), dataset.label_names(), strict=True))
    ]
    Path("rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    options = ["--embedding", "random", "--epochs", "2"] if recipe == "network" else []
    command("train", "rows.jsonl", "--recipe", recipe, *options, "-o", "m")
    page, facts = read(tmp_path / "m" / "report.html"), read_facts(tmp_path / "m")
    assert (facts.curves is None) == (recipe == "ngram")
    assert ("true \\ answered" in page) == (data != "moods")
    assert "By <bdi>shop</bdi>" in page
    assert facts.multi_label == (data == "moods")
    if facts.explained.mistakes:
        assert 'class="for' in page or 'class="against' in page


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["encoder", "best"])
def test_an_encoder_scores_the_test_once(
    tmp_path: Path, reviews: Dataset, write_rows: Rows, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    pytest.importorskip("transformers", reason="the encoder needs the extra encoder")
    from encoders import make
    from plaudit.models.base import Classifier

    scored: list[tuple[str, int]] = []
    plain = Classifier.logits

    def counting(self: Classifier, texts: Any) -> Any:  # Any: whatever texts come as
        scored.append((self.kind, len(texts)))
        return plain(self, texts)

    monkeypatch.setattr(Classifier, "logits", counting)
    file = write_rows("rows.csv", reviews.take(np.r_[0:70, 0:35]))  # 105 rows: 21 of them for the test
    config = RunConfig(
        DataConfig(str(file)),
        ModelConfig(recipe=recipe, encoder=str(make(tmp_path / "tiny", "bert")), max_tokens=24),
        TrainingConfig(epochs=1),
    )
    run_training(config, tmp_path / "m", say=lambda _: None)
    facts = read_facts(tmp_path / "m")
    assert facts.test.measured.n == 21
    of_test = [kind for kind, n in scored if n == 21]
    assert sorted(of_test) == sorted(set(of_test)) != []  # each part of a blend once, too
    assert len(facts.explained.mistakes) <= 6
    assert ("few are explained" if recipe == "encoder" else "few mistakes are shown") in facts.explained.notes[0]
    assert (tmp_path / "m" / "report.html").is_file()


def test_the_command_that_audits_names_the_runs_data() -> None:
    assert audit_command(DataConfig("sample")) == "plaudit audit sample"
    assert audit_command(DataConfig("a b.csv", test="0.2", label_column="mood")) == (
        "plaudit audit 'a b.csv' --label-column mood"
    )
    found = audit_command(DataConfig("x.tsv", test="t.tsv", label_separator=","))
    assert found == "plaudit audit x.tsv --test t.tsv --label-separator ,"


def test_controls_stand_in_this_page_and_in_later_ones(command: Command, sample_model: Path) -> None:
    assert "Against simple models" not in read(sample_model / "report.html")
    command("report", sample_model, "--controls")
    page, controls = read(sample_model / "report.html"), read_facts(sample_model).test.controls
    assert "had been opened 2 times" in page
    assert len(controls) == 4
    assert all(f'<th scope="row">{each.name}</th>' in page for each in controls)
    figures = command("evaluate", sample_model, "sample", "--controls", "--json").json()["controls"]
    accuracies = [each.accuracy and each.accuracy.value for each in controls]
    assert accuracies == pytest.approx([each["accuracy"] for each in figures])
    assert controls[3].gain is not None
    assert controls[3].gain.value == pytest.approx(figures[3]["accuracy_difference"])
    command("report", sample_model)
    assert "Against simple models" in page
    assert "Against simple models" in read(sample_model / "report.html")


def test_the_card_counts_openings_as_the_page_does(command: Command, sample_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(sample_model, tmp_path / "m")
    before = (model / "README.md").read_text(encoding="utf-8")
    assert "were opened once, after\n" in before
    command("evaluate", model, "sample")
    command("report", model)
    after = (model / "README.md").read_text(encoding="utf-8")
    assert "The test texts were opened 2 times, the first time, after\n" in after
    assert "- The test: Its texts have been opened 2 times." in after
    assert "opened 2 times" in (model / "report.html").read_text(encoding="utf-8")
    assert len(after.split("\n")) == len(before.split("\n"))
    (model / "README.md").write_text("my own card", encoding="utf-8")
    command("report", model)
    assert (model / "README.md").read_text(encoding="utf-8") == "my own card"
