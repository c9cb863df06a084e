"""`plaudit threshold`: a rule is chosen on the validation texts, kept in the model, and followed."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

import plaudit
from plaudit import DecisionRule
from plaudit.app.run import calibrating
from plaudit.app.run.parts import load_parts
from plaudit.config import RunConfig
from plaudit.data import Dataset
from plaudit.evaluation import choose_rule
from plaudit.evaluation.repeats import Repeats
from plaudit.evaluation.thresholds import _abstaining
from plaudit.training.class_scaling import ChosenScaling

Command = Callable[..., Any]
Write = Callable[[str, Dataset], Path]
QUICK = ("--recipe", "ngram", "--min-texts", "1")


def test_training_calibrates_on_the_validation_texts(command: Command, tmp_path: Path) -> None:
    done = command("train", "sample", "--recipe", "ngram", "-o", "model")
    figures = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    found, model = figures["calibration"], plaudit.load("model")
    assert model.temperature_ == found["temperature"] == 1  # 130 texts: the gain is no larger than its error
    assert "Calibration: no temperature lowers the out-of-sample log loss" in done.out
    assert figures["validation"]["log_loss"] == found["loss"] == found["loss_before"]
    config = RunConfig.from_toml("model/run.toml")
    held = load_parts(config.data, seed=0).validation
    again = plaudit.NgramClassifier().fit(
        load_parts(config.data, seed=0).train.texts, load_parts(config.data, seed=0).train.label_names()
    )
    assert plaudit.evaluate(again, held).log_loss == pytest.approx(found["loss_before"])
    assert again.calibrate(held.texts, held.label_names()).temperature_ == found["temperature"]
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "no temperature lowers the out-of-sample log loss" in card
    assert "Decision rule: none; the most probable class is answered." in card


def test_the_test_texts_stay_sealed_until_the_temperature_is_chosen(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plaudit.app.run import calibrating, parts
    from plaudit.app.train import fitting
    from plaudit.app.train import run as train

    seen: list[str] = []
    calibrate, open_test = calibrating.calibrate, parts.describe_part

    def spy(*arguments: Any) -> Any:
        seen.append("calibrate")
        return calibrate(*arguments)

    def describe(name: str, *arguments: Any) -> Any:
        seen.append(name)
        return open_test(name, *arguments)

    monkeypatch.setattr(fitting, "calibrate", spy)
    monkeypatch.setattr(train, "describe_part", describe)
    command("train", "sample", "--recipe", "ngram", "-o", "model")
    assert seen == ["train", "validation", "calibrate", "test"]


def test_a_refit_says_nothing_of_a_temperature_that_was_not_chosen(command: Command) -> None:
    done = command("train", "sample", "--recipe", "ngram", "-o", "model")
    assert plaudit.load("model").temperature_ == 1
    assert "Refit: on all" in done.out
    assert "The temperature" not in done.out + Path("model/README.md").read_text(encoding="utf-8")


def test_a_refit_keeps_the_temperature_and_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(logits: Any, labels: Any, **_: Any) -> ChosenScaling:
        return ChosenScaling(1.25, None, (logits / 1.25).astype("float32"))

    monkeypatch.setattr(calibrating, "choose_scaling", chosen)
    command("train", "sample", "--recipe", "ngram", "--no-refit", "-o", "model")
    done = command("train", "sample", "--recipe", "ngram", "-o", "again")  # which has no epochs to choose
    kept = plaudit.load("model").temperature_
    assert plaudit.load("again").temperature_ == kept == 1.25
    said = f"The temperature, {kept:.4f}, comes from the validated model."
    assert said in done.out
    assert said in Path("again/README.md").read_text(encoding="utf-8")
    of_both = [command("threshold", name, "--f1", "--json").json() for name in ("model", "again")]
    assert of_both[0]["rule"] == of_both[1]["rule"]
    assert "with the answers from before it was trained on them (--refit)" in of_both[1]["data"]
    Path("again/validation.safetensors").unlink()  # as versions before wrote it
    err = command("threshold", "again", "--f1", code=2).err
    assert "it was trained again on its validation texts (--refit)" in err


def test_the_models_own_validation_texts_are_taken(command: Command, sample_model: Path) -> None:
    config = RunConfig.from_toml(sample_model / "run.toml")
    held = load_parts(config.data, seed=config.training.seed).validation
    expected = choose_rule(plaudit.load(sample_model), held, recall=0.9)
    found = command("threshold", sample_model, "--recall", "0.9", "--apply", "--json").json()
    assert found["rule"] == {"thresholds": list(expected.rule.thresholds or ())}
    assert (found["n"], found["of"]) == (len(held), "pos")
    assert found["data"] == f"sample: the model's {len(held)} validation texts"
    reached = found["reached"]["recall"]
    assert reached["value"] == expected.reached["recall"].value
    assert reached["value"] >= 0.9
    assert reached["interval_95"][0] < reached["value"]
    assert plaudit.load(sample_model).rule_ == expected.rule


def test_a_person_reads_rule_figures_and_a_warning(command: Command, sample_model: Path) -> None:
    out = command("threshold", sample_model, "--precision", "0.8", "--class", "neg", "--apply").out
    rule = plaudit.load(sample_model).rule_
    assert rule is not None
    said = f"Decision rule: {rule.describe(('neg', 'pos'))}."
    assert out.startswith(said + "\n")
    for words in ("validation texts, of 'neg'", "precision  ", "(95 % interval ", "; without the rule ", "optimistic"):
        assert words in out
    card = sample_model / "README.md"
    assert f"\n{said} The figures above are without it.\n" in card.read_text(encoding="utf-8")
    assert command("threshold", sample_model).lines() == [said]
    shown = command("threshold", sample_model, "--json").json()
    assert shown == {"rule": {"thresholds": list(rule.thresholds or ())}, "rule_version": rule.version}
    assert said in command("evaluate", sample_model, "sample").out
    assert (
        command("threshold", sample_model, "--reset").out
        == "Decision rule: none; the most probable class is answered.\n"
    )
    assert plaudit.load(sample_model).rule_ is None
    assert "\nDecision rule: none; the most probable class is answered.\n" in card.read_text(encoding="utf-8")


def test_nothing_else_of_the_folder_changes(command: Command, sample_model: Path) -> None:
    before = {path: path.read_bytes() for path in sample_model.rglob("*") if path.is_file()}
    command("threshold", sample_model, "--f1", "--apply")
    command("threshold", sample_model, "--undo")
    assert {path: path.read_bytes() for path in sample_model.rglob("*") if path.is_file()} == before


def test_costs_come_as_json_or_as_a_file(command: Command, sample_model: Path, tmp_path: Path) -> None:
    costs = '{"neg": {"pos": 10}}'
    (tmp_path / "costs.json").write_text(costs)
    for given in (costs, "costs.json"):
        found = command("threshold", sample_model, "--costs", given, "--apply", "--json").json()
        assert found["rule"] == {"costs": [[0, 10], [1, 0]]}
        command("threshold", sample_model, "--reset")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".tsv"])
def test_a_file_has_an_empty_label_where_there_is_no_answer(
    command: Command, sample_model: Path, tmp_path: Path, suffix: str
) -> None:
    model = plaudit.load(sample_model)
    texts = ["a joy, truly", "zzz", "dull, dull, dull"]
    shares = model.predict_proba(texts)
    limit = float(sorted(shares.max(axis=1))[1])
    plaudit.load(sample_model).set_rule(DecisionRule(abstain_below=limit)).save(sample_model)
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    command("predict", sample_model, "-i", "in.jsonl", "-o", f"out{suffix}")
    path = tmp_path / f"out{suffix}"
    if suffix == ".parquet":
        rows = pyarrow.parquet.read_table(path).to_pylist()
    elif suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    else:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t" if suffix == ".tsv" else ","))
    none = "" if suffix in (".csv", ".tsv") else None
    names = model.predict(texts).tolist()
    assert [row["prediction"] for row in rows] == [
        name if p >= limit else none for name, p in zip(names, shares.max(axis=1), strict=True)
    ]
    assert [float(row["probability"]) for row in rows] == pytest.approx(shares.max(axis=1).tolist())
    assert none in [row["prediction"] for row in rows]


def test_a_column_without_any_answer_can_be_written(command: Command, sample_model: Path, tmp_path: Path) -> None:
    plaudit.load(sample_model).set_rule(DecisionRule(abstain_below=1.0)).save(sample_model)
    (tmp_path / "in.csv").write_text("text\ngood\nbad\n")
    command("predict", sample_model, "-i", "in.csv", "-o", "out.parquet")
    column = pyarrow.parquet.read_table(tmp_path / "out.parquet")["prediction"]
    assert (str(column.type), column.null_count) == ("string", 2)
    lines = command("predict", sample_model, "good", "bad").lines()
    assert all(line.startswith("no answer (") for line in lines)
    assert [json.loads(line)["label"] for line in command("predict", sample_model, "good", "--json").lines()] == [None]
    assert "decision rule answered none of" in command("evaluate", sample_model, "sample", code=2).err


def test_evaluate_tells_how_many_were_answered(command: Command, sample_model: Path) -> None:
    command("threshold", sample_model, "--abstain", "0.9", "--apply")
    found = command("evaluate", sample_model, "sample", "--json").json()
    assert 0 < found["coverage"] < 1
    answered = round(found["coverage"] * found["n"])
    assert sum(map(sum, found["confusion_matrix"])) == answered
    out = command("evaluate", sample_model, "sample").out
    low, high = found["intervals"]["coverage"]
    assert f"coverage           {found['coverage']:.4f}  ({low:.4f} to {high:.4f}; {answered:,} texts answered)" in out
    assert "; of the texts answered, as are balanced accuracy, F1, precision, recall and the table)" in out
    rule = plaudit.load(sample_model).rule_
    assert rule is not None
    assert found["decision_rule"] == rule.describe(("neg", "pos"))


def test_a_model_that_may_give_no_answer_stands_in_slices_beside_controls_and_others(
    command: Command, sample_model: Path
) -> None:
    """A text without an answer is not right there, so that all figures are of the same texts."""
    shutil.copytree(sample_model, "every")
    command("threshold", sample_model, "--abstain", "0.9", "--apply")
    found = command("evaluate", sample_model, "sample", "--slice", "length", "--controls", "--json").json()
    right, n = sum(found["confusion_matrix"][i][i] for i in (0, 1)), found["n"]
    slices = found["slices"]["length"]
    assert sum(each["n"] for each in slices) == n
    assert sum(each["n"] * each["accuracy"] for each in slices) == pytest.approx(right)
    for control in found["controls"]:
        assert control["accuracy_difference"] == pytest.approx(right / n - control["accuracy"])
    out = command("evaluate", sample_model, "sample", "--slice", "length", "--controls").out
    assert "Below, a text without an answer counts as wrong." in out
    assert re.search(rf"the model +{right / n:.4f} ", out)
    compared = command("compare", sample_model, "every", "sample", "--json").json()
    unanswered = n - sum(map(sum, found["confusion_matrix"]))
    assert compared["unanswered"] == [unanswered, 0]
    assert compared["accuracy"][0] == pytest.approx(right / n)
    assert compared["only_a_right"] == 0 < compared["only_b_right"]
    said = f"A gave no answer to {unanswered:,} texts, which count as wrong here; "
    assert said in command("compare", sample_model, "every", "sample").out


def test_a_threshold_is_followed_by_predict(command: Command, sample_model: Path) -> None:
    plaudit.load(sample_model).set_rule(DecisionRule(thresholds=(1.0,))).save(sample_model)
    line = command("predict", sample_model, "a joy").lines()[0]
    assert line.startswith("neg")
    share = plaudit.load(sample_model).predict_proba(["a joy"])[0, 0]
    assert float(line.split()[1]) == pytest.approx(share, abs=1e-3)


def test_other_texts_are_taken_whole(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset
) -> None:
    write_rows("mine.csv", reviews)
    command("train", "mine.csv", *QUICK, "-o", "model")
    write_rows("more.csv", more_reviews)
    assert (
        command("threshold", "model", "more.csv", "--f1", "--apply", "--json").json()["data"] == "more.csv: every row"
    )
    own = command("threshold", "model", "./mine.csv", "--f1", "--apply", "--json").json()
    assert own["data"].startswith("mine.csv: the model's 13 validation texts, with the answers from before")
    sample = command("threshold", "model", "sample", "--f1", code=2)
    assert "label 'neg' is not one of the model's classes" in sample.err


def test_test_and_training_texts_are_refused(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset, tmp_path: Path
) -> None:
    write_rows("mine.csv", reviews)
    write_rows("test.csv", more_reviews)
    held = Dataset(more_reviews.texts[:9], (more_reviews.labels)[:9], more_reviews.classes, "held")  # type: ignore[index]
    write_rows("held.csv", held)
    command("train", "mine.csv", *QUICK, "--test", "test.csv", "--validation", "held.csv", "-o", "model")
    write_rows("copy.csv", more_reviews)
    write_rows("trained.csv", reviews)
    for name in ("test.csv", "copy.csv"):
        assert f"{name}: these are the model's test texts" in command("threshold", "model", name, "--f1", code=2).err
    assert "the model was trained on these texts" in command("threshold", "model", "trained.csv", "--f1", code=2).err
    assert plaudit.load("model").rule_ is None


def test_data_that_have_changed_or_gone_are_told(
    command: Command, write_rows: Write, reviews: Dataset, more_reviews: Dataset
) -> None:
    path = write_rows("mine.csv", reviews)
    command("train", "mine.csv", *QUICK, "-o", "model")
    write_rows("mine.csv", more_reviews)
    assert "it has changed since model was trained" in command("threshold", "model", "--f1", code=2).err
    path.unlink()
    assert "cannot be loaded again" in command("threshold", "model", "--f1", code=2).err


def test_a_model_without_a_run_needs_texts(command: Command, reviews: Dataset, tmp_path: Path) -> None:
    plaudit.NgramClassifier(min_texts=1).fit(reviews.texts, reviews.label_names()).save(tmp_path / "model")
    err = command("threshold", "model", "--f1", code=2).err
    assert "not written by `plaudit train`, so its validation texts are not known; name labelled texts" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--f1", "--abstain", "0.9"), "choose one goal"),
        (("--class", "pos"), "choose one goal"),
        (("sample",), "choose a goal: --f1, --recall, --precision, --abstain, --costs, --ordinal or --unlike"),
        (("--reset", "--f1"), "--reset changes the rule back, and accepts no other option"),
        (("--recall", "95"), "recall: expected a share above 0 and at most 1, got 95.0"),
        (("--f1", "--class", "mixed"), "'mixed' is not one of the model's classes: neg, pos"),
        (("--costs", "nowhere.json"), "--costs nowhere.json: neither JSON nor a file that can be read"),
        (("--costs", "."), "neither JSON nor a file"),
        (("--costs", "{"), "--costs: not JSON"),
        (("--costs", "{" * 3), "--costs: not JSON"),
        (("--costs", '{"neg": 3}'), 'costs: expected {"true class"'),
        (("--costs", '{"neg": {"pos": NaN}}'), "costs: expected numbers"),
        (("empty.csv", "--f1"), "the file is empty"),
        (("foreign.csv", "--f1"), "unknown class 'mixed'"),
        (("nowhere.csv", "--f1"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    command: Command, sample_model: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "foreign.csv").write_text("text,label\ngood,mixed\n")
    assert message in command("threshold", sample_model, *words, code=2).err
    assert plaudit.load(sample_model).rule_ is None


def test_a_folder_that_is_no_model_is_told(command: Command, tmp_path: Path) -> None:
    assert "nowhere does not exist" in command("threshold", "nowhere", "--f1", code=2).err


def test_sets_of_labels_get_thresholds(command: Command, moods: Dataset, tmp_path: Path) -> None:
    rows = zip(moods.texts.to_pylist(), moods.label_names(), strict=True)
    (tmp_path / "moods.csv").write_text("text,label\n" + "".join(f"{text},{';'.join(names)}\n" for text, names in rows))
    command("train", "moods.csv", "--label-separator", ";", *QUICK, "--regularisation", "20", "-o", "model")
    out = command("threshold", "model", "--f1", "--apply").out
    assert "each label when its probability is above its threshold: 'calm' above" in out
    assert "macro-F1  " in out
    rule = plaudit.load("model").rule_
    assert rule is not None
    assert rule.thresholds is not None
    assert len(rule.thresholds) == 3
    assert "every label above 0.5 is given" in command("threshold", "model", "--reset").out


def test_class_names_that_a_terminal_would_obey_are_shown_as_they_are(
    command: Command, reviews: Dataset, tmp_path: Path
) -> None:
    names = {"liked": "a", "panned": "b\x1b[31m"}
    rows = [f"{t},{names[n]}" for t, n in zip(reviews.texts.to_pylist(), reviews.label_names(), strict=True)]
    (tmp_path / "odd.csv").write_text("\n".join(["text,label", *rows]))
    command("train", "odd.csv", *QUICK, "-o", "model")
    out = command("threshold", "model", "--f1", "--apply").out
    assert "\x1b" not in out
    assert "\\x1b[31m" in out


def test_without_apply_a_rule_is_a_proposal_and_the_model_stays_as_it_is(command: Command, sample_model: Path) -> None:
    before = {path: path.read_bytes() for path in sample_model.rglob("*") if path.is_file()}
    out = command("threshold", sample_model, "--abstain", "0.9").out
    assert out.startswith("Proposed rule: no answer when ")
    for words in (
        "threshold",
        "coverage: the share of the texts that are answered",
        "0.95",
        "====",
        "Nothing was changed",
        "--apply",
    ):
        assert words in out
    assert {path: path.read_bytes() for path in sample_model.rglob("*") if path.is_file()} == before
    found = command("threshold", sample_model, "--abstain", "0.9", "--json").json()
    assert found["applied"] is False
    steps = found["thresholds"]
    assert len(steps) == 20
    (own,) = (step for step in steps if step["proposed"])
    assert own["threshold"] == found["rule"]["abstain_below"]
    assert plaudit.load(sample_model).rule_ is None


def test_a_rule_that_hardly_answers_is_warned_of() -> None:
    shares = np.array([[0.6, 0.4]] * 9 + [[1.0, 0.0]])
    truth, repeats = np.zeros(10, np.int64), Repeats.of(None, 10)
    warned = _abstaining(DecisionRule(abstain_below=0.9), truth, shares, truth, repeats)
    assert warned.notes[0].startswith("Warning: only 10.0 % of the texts are answered, under 20 %")
    assert not _abstaining(DecisionRule(abstain_below=0.5), truth, shares, truth, repeats).notes


def test_undo_goes_back_one_change_at_a_time(command: Command, sample_model: Path) -> None:
    command("threshold", sample_model, "--f1", "--apply")
    first = plaudit.load(sample_model).rule_
    command("threshold", sample_model, "--abstain", "0.9", "--apply")
    command("threshold", sample_model, "--undo")
    assert plaudit.load(sample_model).rule_ == first != None  # noqa: E711 - both at once
    command("threshold", sample_model, "--undo")
    assert plaudit.load(sample_model).rule_ is None
    assert "nothing to undo" in command("threshold", sample_model, "--undo", code=2).err


def test_each_class_may_have_a_probability_of_its_own(command: Command, sample_model: Path) -> None:
    found = command("threshold", sample_model, "--abstain", "0.85", "--per-class", "--apply", "--json").json()
    rule = plaudit.load(sample_model).rule_
    assert rule is not None
    assert rule.abstain_by_class == tuple(found["rule"]["abstain_by_class"])
    assert found["reached"]["accuracy of the answers"]["value"] >= 0.85
    assert command("predict", sample_model, "a joy, truly", "zzz", "dull, dull, dull").out
    refused = command("threshold", sample_model, "--f1", "--per-class", code=2).err
    assert "per class: for abstain, precision or recall" in refused
