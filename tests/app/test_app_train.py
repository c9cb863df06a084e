"""`plaudit train`: from a name or a file to a model folder."""

import dataclasses
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import plaudit
from plaudit.app.run.parts import load_parts
from plaudit.config import RunConfig
from plaudit.data import Dataset, load_sample
from plaudit.embeddings import write_table
from plaudit.models import NetworkClassifier

Command = Callable[..., Any]
QUICK = ("--embedding", "random", "--epochs", "2")
N_TRAIN, N_TEST = (len(part) for part in (load_sample().train, load_sample().test) if part is not None)


def weights(folder: Path) -> list[Any]:
    model = plaudit.load(folder)
    assert isinstance(model, NetworkClassifier)
    return [model.table_.vectors, *model.layers_.tensors().values()]


def is_same(a: Path, b: Path) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def test_the_folder_holds_everything(sample_model: Path) -> None:
    assert {path.name for path in sample_model.iterdir()} == {
        "model.json", "weights.safetensors", "embedding", "run.toml", "history.json", "metrics.json", "README.md",
        "test_openings.json", "loss.svg", "accuracy.svg", "reliability.svg",
        "report.html",
            "profile.json", "report.json", "scope.safetensors", "seen.safetensors",
    }  # fmt: skip
    history = json.loads((sample_model / "history.json").read_text(encoding="utf-8"))
    assert {name: len(curve) for name, curve in history.items()} == dict.fromkeys(
        ("loss", "accuracy", "val_loss", "val_accuracy"), 3
    )
    metrics = json.loads((sample_model / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["train"].keys() >= {"seconds", "epochs", "best_epoch", "n"}
    assert metrics["validation"]["n"] == round(N_TRAIN / 5)
    assert metrics["test"]["n"] == N_TEST
    assert metrics["test"].keys() >= {"accuracy", "log_loss", "n"}
    openings = json.loads((sample_model / "test_openings.json").read_text(encoding="utf-8"))
    assert [entry["by"] for entry in openings] == ["train"]


def test_the_run_is_told_line_by_line(command: Command) -> None:
    done = command("train", "sample", *QUICK, "-o", "model")
    lines = done.lines()
    assert lines[0] == "Data: sample"
    assert re.fullmatch(r"  train +\d+ texts \(neg \d+, pos \d+\)", lines[1])
    assert lines[3].startswith("Recipe: network (the default); ")
    assert lines[4].startswith("Embedding: random, ")
    assert [line.split()[0] for line in lines if line.startswith("  ") and "/2 " in line] == ["1/2", "2/2"]
    assert any(line.startswith("Best epoch ") for line in lines)
    assert any("accuracy           0." in line and "95 % interval" in line for line in lines)
    assert lines[-1] == 'Next: plaudit predict model "your text"'
    assert "\x1b" not in done.out
    assert done.err == ""


def test_the_model_is_named_after_data_and_recipe(
    command: Command, write_rows: Callable[[str, Dataset], Path], reviews: Dataset, tmp_path: Path
) -> None:
    command("train", write_rows("tickets.csv", reviews), *QUICK)
    assert (tmp_path / "models" / "tickets-network" / "model.json").is_file()


def write(folder: Path, form: str, data: Dataset) -> Path:
    """Write a data set in one of the formats."""
    texts, labels = data.texts.to_pylist(), data.label_names()
    path = folder / f"mine.{form}"
    if form in ("csv", "tsv"):
        mark = "," if form == "csv" else "\t"
        path.write_text(
            "\n".join(["text" + mark + "label", *(t + mark + n for t, n in zip(texts, labels, strict=True))])
        )
    elif form == "jsonl":
        path.write_text("\n".join(json.dumps({"text": t, "label": n}) for t, n in zip(texts, labels, strict=True)))
    elif form == "txt":
        path.write_text("\n".join(f"__label__{n} {t}" for t, n in zip(texts, labels, strict=True)))
    elif form == "parquet":
        pyarrow.parquet.write_table(pa.table({"text": data.texts, "label": labels}), path)
    else:
        for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
            (path / label).mkdir(parents=True, exist_ok=True)
            (path / label / f"{i:04}.txt").write_text(text)
    return path


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "txt", "parquet", "folder"])
def test_ones_own_files_of_every_format_train(command: Command, reviews: Dataset, tmp_path: Path, form: str) -> None:
    command("train", write(tmp_path, form, reviews), *QUICK, "-o", "model")
    assert plaudit.load(tmp_path / "model").classes_.tolist() == ["liked", "panned"]


def test_columns_are_named_by_options(command: Command, reviews: Dataset, tmp_path: Path) -> None:
    rows = [
        f"{i},{t},{n}" for i, (t, n) in enumerate(zip(reviews.texts.to_pylist(), reviews.label_names(), strict=True))
    ]
    (tmp_path / "mine.csv").write_text("\n".join(["id,said,mood", *rows]))
    command("train", "mine.csv", *QUICK, "--text-column", "said", "--label-column", "mood", "-o", "model")
    config = tomllib.loads((tmp_path / "model" / "run.toml").read_text(encoding="utf-8"))
    assert (config["data"]["text_column"], config["data"]["label_column"]) == ("said", "mood")


@pytest.mark.parametrize(("spec", "n"), [("50", 50), ("0.25", round(N_TRAIN / 4)), (None, round(N_TRAIN / 5))])
def test_validation_is_a_number_a_share_or_a_fifth(command: Command, tmp_path: Path, spec: str | None, n: int) -> None:
    options = [] if spec is None else ["--validation", spec]
    command("train", "sample", *QUICK, "-o", "model", *options)
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["validation"]["n"] == n
    assert metrics["train"]["n"] == N_TRAIN - n


def test_validation_and_test_are_files(
    command: Command,
    write_rows: Callable[[str, Dataset], Path],
    reviews: Dataset,
    more_reviews: Dataset,
    tmp_path: Path,
) -> None:
    write_rows("train.csv", reviews)
    write_rows("more.csv", more_reviews)
    command("train", "train.csv", *QUICK, "-o", "model", "--validation", "more.csv", "--test", "more.csv")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert [metrics[part]["n"] for part in ("train", "validation", "test")] == [80, 30, 30]
    assert metrics["validation"]["accuracy"] == metrics["test"]["accuracy"]


def test_texts_that_are_in_two_parts_are_told(
    command: Command, write_rows: Callable[[str, Dataset], Path], reviews: Dataset
) -> None:
    path = write_rows("train.csv", reviews)
    done = command("train", path, *QUICK, "-o", "model", "--validation", path)
    assert re.search(r"note: \d+ validation texts are also among the training texts", done.out)


def test_of_test_texts_that_stand_in_training_a_second_figure_leaves_them_out(
    command: Command,
    write_rows: Callable[[str, Dataset], Path],
    reviews: Dataset,
    more_reviews: Dataset,
    tmp_path: Path,
) -> None:
    train = write_rows("train.csv", reviews)
    others = list(zip(more_reviews.texts.to_pylist(), more_reviews.label_names(), strict=True))
    known = list(zip(reviews.texts.to_pylist()[:20], reviews.label_names()[:20], strict=True))
    rows = [f"{text},{label}" for text, label in [*others, *known]]
    (tmp_path / "test.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    done = command("train", train, "--recipe", "ngram", "--test", "test.csv", "-o", "model")
    folder = tmp_path / "model"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    model, alone = plaudit.load(folder), [label for _, label in others]
    predicted = model.predict([text for text, _ in others])
    right = sum(found == label for found, label in zip(predicted, alone, strict=True)) / len(alone)
    assert (metrics["test"]["n"], metrics["test_unseen"]["n"]) == (len(rows), len(others))
    assert metrics["test_unseen"]["accuracy"] == pytest.approx(right)
    assert f"accuracy, unseen   {right:.4f}  (" in done.out
    for page in ("README.md", "report.html"):
        assert "not seen in training" in (folder / page).read_text(encoding="utf-8")
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    del facts["test"]["unseen"]  # as reports were before
    (folder / "report.json").write_text(json.dumps(facts), encoding="utf-8")
    command("report", folder)


def test_few_texts_are_all_judged_and_what_cannot_be_measured_is_a_dash(
    command: Command, reviews: Dataset, tmp_path: Path
) -> None:
    rows = list(zip(reviews.texts.to_pylist()[:40], reviews.label_names()[:40], strict=True))
    lines = [f"{text},{label}" for text, label in [*rows, ("one alone", "odd")]]
    (tmp_path / "few.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    out = command("train", "few.csv", "--recipe", "ngram", "-o", "model").out
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    crossed = metrics["cross_validation"]
    assert (crossed["folds"], crossed["n_texts"], crossed["n"]) == (5, 41, 40)
    assert sum(map(sum, crossed["confusion_matrix"])) == 40
    assert f"accuracy {crossed['accuracy']:.4f}" in out
    assert "not judged, because no other text has their class: 1" in out
    assert out.count("mean over the 2 of 3 classes that occur or are answered") == 3
    assert "mean recall of the 2 of 3 classes that occur)" in out
    for name in ("ROC-AUC", "average precision"):
        assert f"  {name:<19}–  (these texts cannot measure it: a class has none)" in out
    assert [line.split()[-1] for line in out.splitlines() if line.split()[:1] == ["odd"]] == ["–"]
    assert "Cross-validated" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    page = (tmp_path / "model" / "report.html").read_text(encoding="utf-8")
    assert page.count("over the 2 of 3 classes that occur or are answered") == 3
    assert page.count("over the 2 of 3 classes that occur<") == 1
    assert page.count(">ROC-AUC<") >= 1


def test_a_validation_file_that_is_the_test_is_told_of(command: Command, reviews: Dataset, tmp_path: Path) -> None:
    rows = [f'"{text}",{name}' for text, name in zip(reviews.texts.to_pylist(), reviews.label_names(), strict=True)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label", *rows[:60]]) + "\n")
    (tmp_path / "test.csv").write_text("\n".join(["text,label", *rows[60:100]]) + "\n")
    words = ["train", "train.csv", "--validation", "test.csv", "--test", "test.csv", "--recipe", "ngram"]
    told = command(*words, "-o", "model").out.replace("\n", " ")
    n = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]["n"]
    known = f"{n} test texts are also among the validation texts (equal except for case and punctuation), and"
    assert f"{known} the model was trained on them (--refit)" in told
    assert f"{n} of {n} test texts are also among the training texts" in (tmp_path / "model" / "README.md").read_text()
    assert f"{known} it was chosen by them" in command(*words, "--no-refit", "-o", "other").out.replace("\n", " ")


def test_near_copies_of_training_texts_are_told_of(command: Command, reviews: Dataset, tmp_path: Path) -> None:
    texts = [
        f"{text} and so the film went on for two hours with nothing else in it" for text in reviews.texts.to_pylist()
    ]
    rows = [
        (f"{text} {end}", name) for text, name in zip(texts, reviews.label_names(), strict=True) for end in ("a", "b")
    ]
    (tmp_path / "near.csv").write_text("\n".join(["text,label", *(f'"{text}",{name}' for text, name in rows)]) + "\n")
    words = ["train", "near.csv", "--recipe", "ngram"]
    told = command(*words, "-o", "model")
    said = "test texts are nearly the same as a text of another part: the figures are optimistic"
    assert said in told.out.replace("\n", " ")
    assert said in (tmp_path / "model" / "README.md").read_text().replace("\n", " ")
    assert "nearly the same" not in command(*words, "--group-near-duplicates", "-o", "grouped").out


def test_what_one_class_alone_cannot_show_is_a_dash(command: Command, sample_model: Path, tmp_path: Path) -> None:
    copies = ["a fine film,neg", "A fine film!,neg"] * 6
    (tmp_path / "one.csv").write_text("\n".join(["text,label", *copies, "dull and bad,neg"]) + "\n")
    out = command("evaluate", sample_model, "one.csv").out
    assert "(13 texts, 2 of them different: equal ones count as one in intervals)" in out
    assert "  ROC-AUC            –" in out
    told = command("evaluate", sample_model, "one.csv", "--json").json()
    assert told["roc_auc"] is None
    (tmp_path / "bad.csv").write_text("text,label\ndull and bad,neg\nan awful boring bore,neg\n")
    told = command("evaluate", sample_model, "bad.csv", "--json").json()
    assert sum(map(sum, told["confusion_matrix"])) == told["confusion_matrix"][0][0] == 2
    assert told["f1"] is None
    out = command("evaluate", sample_model, "bad.csv").out
    assert "  F1                 –  (these texts cannot measure it: a class has none; of 'pos')" in out
    assert "All of these texts have “neg”: they do not show whether the model tells anything apart." in out


def test_a_model_that_learned_nothing_is_no_better_than_a_guess_everywhere(command: Command, tmp_path: Path) -> None:
    lines = [f"word{i % 7} thing{i % 5} item{i % 11},{'rare' if i % 9 == 0 else 'usual'}" for i in range(70)]
    (tmp_path / "noise.csv").write_text("\n".join(["text,label", *dict.fromkeys(lines)]) + "\n")
    said = "No better than a guess, as far as these texts show: always answering “usual” would be right for"
    assert said in command("train", "noise.csv", "--recipe", "ngram", "-o", "model").out
    assert said in command("evaluate", "model", "noise.csv").out
    assert said in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert said in (tmp_path / "model" / "report.html").read_text(encoding="utf-8")
    told = command("gate", "model", "noise.csv", "--require", "average_precision>=0", "--require", "f1_macro>=0").out
    assert "of 'usual'; 0." in told
    assert "is chance" in told
    assert "mean over classes" in told


def test_few_texts_of_a_frozen_encoder_are_all_judged_too(
    command: Command, reviews: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers", reason="the encoder needs the extra encoder")
    from encoders import make
    from plaudit.training.encoder_model import EncoderModel

    read, vectors = list[int](), EncoderModel.vectors

    def counted(model: EncoderModel, some: Any, placement: Any) -> Any:  # Any: what the method takes and returns
        read.append(some.n_texts)
        return vectors(model, some, placement)

    monkeypatch.setattr(EncoderModel, "vectors", counted)

    rows = zip(reviews.texts.to_pylist()[:40], reviews.label_names()[:40], strict=True)
    (tmp_path / "few.csv").write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    encoder = str(make(tmp_path / "tiny", "bert"))
    out = command(
        "train", "few.csv", "--recipe", "encoder", "--frozen", "--encoder", encoder, "--max-tokens", "24", "-o", "model"
    ).out
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["cross_validation"]["n"] == 40
    assert "Trust it more than the test figure, which has only 8 texts" in out
    assert read == [26, 6, 8]  # to be fitted on: each text once, in spite of the refit and of five folds


def test_a_split_by_film_keeps_films_apart(command: Command, tmp_path: Path) -> None:
    command("train", "sample", *QUICK, "-o", "model", "--group-by", "film", "--validation", "0.3")
    parts = load_parts(RunConfig.from_toml(tmp_path / "model" / "run.toml").data, seed=0)
    train, held = (set(part.extra["film"].to_pylist()) for part in (parts.train, parts.validation))
    assert held
    assert not train & held


def test_the_test_part_is_a_share_on_request(command: Command, tmp_path: Path) -> None:
    command("train", "sample", *QUICK, "-o", "model", "--test", "0.5", "--validation", "0.5")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert [metrics[part]["n"] for part in ("train", "validation", "test")] == [
        N_TRAIN // 4,
        N_TRAIN // 4,
        N_TRAIN // 2,
    ]


def test_a_refit_trains_on_all_but_the_test_texts(command: Command, tmp_path: Path) -> None:
    done = command("train", "sample", "--embedding", "random", "--epochs", "4", "-o", "model", "--refit")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    best = metrics["train"]["best_epoch"]
    assert f"Refit: {best} epochs on all {N_TRAIN} training and validation texts." in done.out
    assert metrics["train"]["n"] == N_TRAIN
    config = tomllib.loads((tmp_path / "model" / "run.toml").read_text(encoding="utf-8"))
    assert config["training"]["refit"] is True
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"trained again on all {N_TRAIN} texts for {best} epochs (--refit)" in card


def test_options_reach_the_network(command: Command, tmp_path: Path) -> None:
    command(
        "train", "sample", *QUICK, "-o", "model", "--frozen", "--hidden", "0", "--combiner", "mean", "--loss",
        "mean_squared_error", "--class-weight", "balanced", "--batch-size", "64", "--learning-rate", "0.01", "--seed",
        "9", "--no-early-stopping", "--dropout", "0.1",
    )  # fmt: skip
    model = plaudit.load(tmp_path / "model")
    assert isinstance(model, NetworkClassifier)
    assert len(model.layers_.kernels) == 1
    assert model.table_.combiner == "mean"
    expected = {
        "trainable": False, "hidden": (), "loss": "mean_squared_error", "class_weight": "balanced", "batch_size": 64,
        "learning_rate": 0.01, "seed": 9, "early_stopping": False, "dropout": 0.1, "epochs": 2,
    }  # fmt: skip
    assert model.get_params().items() >= expected.items()


def test_hidden_layers_are_given_one_by_one(command: Command, tmp_path: Path) -> None:
    command("train", "sample", *QUICK, "-o", "model", "--hidden", "8", "--hidden", "4")
    assert [k.shape for k in weights(tmp_path / "model")[1::2]] == [(50, 8), (8, 4), (4, 1)]


@pytest.mark.parametrize("options", [(), ("--refit",), ("--frozen", "--dropout", "0.5", "--seed", "3")])
def test_a_run_toml_repeats_the_run_to_the_bit(command: Command, tmp_path: Path, options: tuple[str, ...]) -> None:
    command("train", "sample", *QUICK, "-o", "first", *options)
    command("train", "--config", "first/run.toml", "-o", "second")
    assert is_same(tmp_path / "first", tmp_path / "second")
    for name in ("history.json", "run.toml", "loss.svg"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_options_change_a_run_toml_and_the_difference_is_told(
    command: Command, sample_model: Path, tmp_path: Path
) -> None:
    done = command("train", "--config", sample_model / "run.toml", "-o", "model", "--seed", "77", "--epochs", "1")
    assert not is_same(sample_model, tmp_path / "model")
    assert "note: the weights may differ" in done.out  # another seed draws other random vectors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = ", "not a TOML file"),
        ("x = " + "[" * 5_000, "not a TOML file"),
        ("x = " + "9" * 5_000, "not a TOML file"),
        ("[extra]\n", "unknown table \\[extra\\]; expected data, model, training"),
        ("data = 3\n", "\\[data\\]: expected a table"),
        ("[model]\nlayers = 2\n", "unknown setting 'layers'; expected one of blend_weights"),
        ('[training]\nepochs = "3"\n', "epochs = '3': expected a whole number"),
        ("[training]\nepochs = true\n", "epochs = true: expected a whole number"),
        ("[training]\nepochs = -1\n", "run.toml, \\[training\\]: epochs: expected at least 1, got -1"),
        ('[model]\nloss = "hinge"\n', "expected 'cross_entropy' or 'mean_squared_error'"),
        ("[model]\nhidden = [1.5]\n", "hidden = \\[1.5\\]: expected a list, each a whole number"),
        ("[model]\nhidden = 16\n", "hidden = 16: expected a list, each a whole number"),
        ("[model]\nhidden = [0]\n", "run.toml, \\[model\\]: hidden: every layer needs at least one unit"),
        ('[model]\nrecipe = "ngarm"\n', "run.toml: --recipe ngarm: expected one of .* Did you mean ngram\\?"),
        ('[model]\nrecipe = "ngram"\nhidden = [3]\n', "run.toml: --hidden belongs to --recipe network"),
        ('[data]\nencoding = "zz"\n', "run.toml, \\[data\\]: --encoding zz: expected a name"),
    ],
)
def test_a_broken_run_toml_is_one_clear_line(command: Command, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "run.toml").write_text(content)
    done = command("train", "--config", "run.toml", code=2)
    assert re.search(message, done.err), done.err


def test_a_run_toml_may_leave_out_what_has_a_default(command: Command, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(
        '[data]\nsource = "sample"\n[model]\nembedding = "random"\nhidden = []\n[training]\nepochs = 1\n'
    )
    command("train", "--config", "run.toml", "-o", "model")
    assert len(weights(tmp_path / "model")) == 3


def test_tensorboard_logs_can_be_read_back(command: Command, tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboardX.record_writer")
    from tensorboardX.proto.event_pb2 import Event

    command("train", "sample", *QUICK, "-o", "model", "--tensorboard", "logs")
    history = json.loads((tmp_path / "model" / "history.json").read_text(encoding="utf-8"))
    for part, prefix in (("train", ""), ("validation", "val_")):
        (path,) = (tmp_path / "logs" / part).iterdir()
        data = path.read_bytes()
        found: dict[str, list[float]] = {}
        while data:  # TFRecord: length, its checksum, the event, its checksum
            length = int.from_bytes(data[:8], "little")
            assert int.from_bytes(data[8:12], "little") == reader.masked_crc32c(data[:8])
            for value in Event.FromString(data[12 : 12 + length]).summary.value:
                found.setdefault(value.tag, []).append(value.simple_value)
            data = data[16 + length :]
        assert found == {
            f"epoch_{name}": pytest.approx(history[f"{prefix}{name}"], rel=1e-6) for name in ("loss", "accuracy")
        }


def test_an_old_model_survives_a_run_that_fails(command: Command, tmp_path: Path, reviews: Dataset) -> None:
    command("train", "sample", *QUICK, "-o", "model")
    before = weights(tmp_path / "model")
    command("train", "sample", *QUICK, "-o", "model", "--learning-rate", "1e30", code=2)
    (tmp_path / "bad.csv").write_text("text,label\na,\n")
    command("train", "bad.csv", *QUICK, "-o", "model", code=2)
    assert all(np.array_equal(x, y) for x, y in zip(weights(tmp_path / "model"), before, strict=True))
    command("predict", "model", "good")


def test_a_disk_that_fills_while_training_leaves_the_old_model(command: Command, small_disk: Path) -> None:
    command("train", "sample", "--embedding", "random", "--epochs", "1", "-o", small_disk / "model", code=2)
    assert not (small_disk / "model" / "model.json").exists()


def test_an_embedding_keeps_its_own_combiner(command: Command, tmp_path: Path) -> None:
    data = plaudit.load_dataset("sample")
    table = dataclasses.replace(plaudit.load_embedding("random", training_texts=data.train.texts), combiner="mean")
    (tmp_path / "mine").mkdir()
    write_table(table, tmp_path / "mine")
    command("train", "sample", "--embedding", "mine", "--epochs", "1", "-o", "model")
    assert 'combiner = "mean"' in (tmp_path / "model" / "run.toml").read_text()
    command("train", "--config", "model/run.toml", "-o", "again")
    model = plaudit.load(tmp_path / "again")
    assert isinstance(model, NetworkClassifier)
    assert model.table_.combiner == "mean"


def test_few_texts_that_are_not_cross_validated_say_why(command: Command, reviews: Dataset, tmp_path: Path) -> None:
    rows = [f"{text},{label}" for text, label in zip(reviews.texts.to_pylist(), reviews.label_names(), strict=True)]
    for name, some in (("few.csv", rows[:60]), ("test.csv", rows[60:80])):
        (tmp_path / name).write_text("\n".join(["text,label", *some]) + "\n")
    words = ("--recipe", "ngram", "--regularisation", "0.5", "-o", "model")
    said = "Few texts, and not cross-validated because the parts are given: believe the whole interval of the 20 test"
    assert f"note: {said}" in command("train", "few.csv", "--test", "test.csv", *words).out
    assert said in (tmp_path / "model" / "report.html").read_text(encoding="utf-8")
    assert "Few texts, and" not in command("train", "few.csv", *words).out
