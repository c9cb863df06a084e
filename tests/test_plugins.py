"""What another package adds: the example plugin from training to serving, missing, broken, and never guessed at."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plaudit
from plaudit.data import Dataset
from plaudit.data.readers import formats
from plaudit.errors import ConfigError, ModelError, PluginError
from plaudit.evaluation.named_metrics import Metric, find_metric
from plaudit.plugins import load_plugin, plugin_names, plugin_package
from plaudit.registry import BUILT_IN, Range, Recipe, find_recipe, recipe_names

Command = Callable[..., Any]
EXAMPLE = Path(__file__).parents[1] / "examples" / "plugin"
TFIDF = ("--recipe", "tfidf", "-o", "model")


def install(site: Path, name: str, entry_points: dict[str, dict[str, str]]) -> None:
    """Leave in a folder of modules what an installer leaves of a package: its metadata."""
    folder = site / f"{name.replace('-', '_')}-0.1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    lines = []
    for group, names in entry_points.items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in names.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules, from which nothing stays behind."""
    place = tmp_path / "site"
    place.mkdir()
    monkeypatch.syspath_prepend(str(place))
    known, suffixes, before = dict(formats.FORMATS), dict(formats.SUFFIXES), set(sys.modules)
    formats._add_plugins.cache_clear()
    yield place
    formats._add_plugins.cache_clear()
    for table, kept in ((formats.FORMATS, known), (formats.SUFFIXES, suffixes)):
        table.clear()
        table.update(kept)  # type: ignore[arg-type]  # each its own
    for name in set(sys.modules) - before:
        if name.startswith("plaudit_example"):
            del sys.modules[name]


@pytest.fixture
def example(site: Path) -> Path:
    """The example plugin, installed."""
    pytest.importorskip("sklearn", reason="the example plugin needs scikit-learn")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(site, project["name"], project["entry-points"])
    shutil.copy(EXAMPLE / "plaudit_example.py", site)
    return site


@pytest.fixture
def verdicts(tmp_path: Path, reviews: Dataset) -> Path:
    """Eighty rows in the plugin's format."""
    rows = zip(reviews.label_names(), reviews.texts.to_pylist(), strict=True)
    path = tmp_path / "mine.verdict"
    path.write_text("".join(f"{label} | {text}\n" for label, text in rows))
    return path


@pytest.mark.usefixtures("example")
def test_it_trains_saves_loads_reports_and_cannot_be_explained(
    command: Command, verdicts: Path, reviews: Dataset, tmp_path: Path
) -> None:
    done = command("train", verdicts, *TFIDF, "--set", "C=2", "--class-weight", "balanced")
    assert "TF-IDF: " in done.out
    assert re.search(r"worst_recall +[01]\.\d{4}  \(the recall of the class that is found least\)", done.out)
    folder = tmp_path / "model"
    run = tomllib.loads((folder / "run.toml").read_text())
    assert run["model"]["further"] == {"C": 2}
    assert (run["versions"]["plugins"], run["versions"]["plaudit-example"]) == ("plaudit-example", "0.1.0")
    assert json.loads((folder / "model.json").read_text())["package"] == "plaudit-example"
    met = command("gate", "model", verdicts, "--all", "--require", "worst_recall>=0", "--json").json()
    assert (
        met["requirements"][0]["figure"]
        == command("evaluate", "model", verdicts, "--all", "--json").json()["further"]["worst_recall"]
    )
    figures = command("evaluate", "model", verdicts, "--json").json()
    recorded = json.loads((folder / "metrics.json").read_text())["test"]
    assert figures["further"] == recorded["further"]
    assert "Cross-validated (5 folds" in done.out
    assert 0 <= figures["further"]["worst_recall"] <= figures["accuracy"] > 0.6
    worst = f"{recorded['further']['worst_recall']:.4f}"
    card, page = ((folder / name).read_text() for name in ("README.md", "report.html"))
    assert re.search(rf"\n\| \| texts .*\| worst..?recall \|\n.*\n.*\n\| test \|.*\| {worst} \|", card)
    assert re.search(rf"worst_recall</th><td[^>]*>{worst}<.*the recall of the class", page)
    sliced = command("evaluate", "model", verdicts, "--slice", "length")
    assert re.search(r"95 % interval +worst_recall", sliced.out)
    model = plaudit.load(folder)
    model.save(tmp_path / "again")
    assert (plaudit.load(tmp_path / "again").logits(reviews.texts) == model.logits(reviews.texts)).all()
    assert len(command("predict", "model", "a warm joy", "--json").lines()) == 1
    command("report", "model")
    assert "No words are marked: " in (folder / "report.json").read_text()
    message = "recipe 'tfidf' cannot be explained; these recipes can: network, ngram, encoder, best, distilled."
    assert message in command("explain", "model", "a joy", code=2).err
    command("train", "--config", "model/run.toml", "-o", "third")
    command("train", verdicts, "--recipe", "tfidf", "-o", "plain")
    assert tomllib.loads((tmp_path / "plain" / "run.toml").read_text())["model"]["further"] == {"C": 10.0}
    assert (tmp_path / "third" / "weights.safetensors").read_bytes() == (folder / "weights.safetensors").read_bytes()


def test_a_metric_that_fails_or_is_not_defined_stops_no_run(
    site: Path, command: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (site / "plaudit_example_metrics.py").write_text(
        "from plaudit.evaluation.named_metrics import Metric\n"
        "NONE = Metric('none', lambda answers: float('nan'), 'not defined')\n"
        "BAD = Metric('bad', lambda answers: 1 / 0, 'a fault')\n"
        "WORD = Metric('word', lambda answers: '0.5', 'a word')\n"
        "OTHER = Metric('another', lambda answers: 0.5, 'of another name')\n"
    )
    found = {name: f"plaudit_example_metrics:{name.upper()}" for name in ("none", "bad", "word", "other", "lacking")}
    install(site, "metrics", {"plaudit.metrics": found})
    command("train", "sample", "--recipe", "ngram", "--n-max", "1", "--regularisation", "1", "-o", "model")
    for line in (
        "bad is left out: the plugin metrics failed at plaudit_example_metrics.py:3: ZeroDivisionError",
        "word is left out: the plugin metrics failed when asked for the metric word: TypeError: expected a number, or ",
        "other is left out: the plugin metrics: its metric 'other' calls itself 'another'",
        "lacking is left out: the plugin metrics (plaudit_example_metrics:LACKING) cannot be imported",
    ):
        assert f"the metric {line}" in caplog.text
    measured, facts = (json.loads((tmp_path / "model" / f"{each}.json").read_text()) for each in ("metrics", "report"))
    assert measured["test"]["further"] == measured["validation"]["further"] == dict.fromkeys(("none", "bad", "word"))
    assert facts["test"]["measured"]["further"] == []


def test_a_metric_writes_into_no_figure_and_is_warned_of_once_in_a_line(
    site: Path, command: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (site / "plaudit_example_writes.py").write_text(
        "from plaudit.evaluation.named_metrics import Metric\n"
        "def cheat(answers): answers.predictions[:] = answers.labels; return 1.0\n"
        "CHEAT = Metric('cheat', cheat, 'writes')\n"
        "def leave(answers): raise SystemExit('gone\\naway')\n"
        "LEAVE = Metric('leave', leave, 'leaves')\n"
    )
    quick = ("train", "sample", "--recipe", "ngram", "--n-max", "1", "--regularisation", "1", "-o")
    command(*quick, "without")
    found = {name: f"plaudit_example_writes:{name.upper()}" for name in ("cheat", "leave")}
    install(site, "writes", {"plaudit.metrics": found})
    command(*quick, "model")
    with_it, without = (json.loads((tmp_path / n / "metrics.json").read_text())["test"] for n in ("model", "without"))
    assert with_it.pop("further") == {"cheat": None, "leave": None}
    assert with_it == without
    for line in (
        "cheat is left out: the plugin writes failed at plaudit_example_writes.py:2: ValueError: assignment destin",
        "leave is left out: the plugin writes failed at plaudit_example_writes.py:4: SystemExit: gone away.",
    ):
        assert caplog.text.count(f"the metric {line}") == 1


def test_a_plugin_that_exits_is_a_fault_of_it(site: Path, command: Command, reviews: Dataset) -> None:
    (site / "plaudit_example_exit.py").write_text("import sys; sys.exit(0)")
    (site / "plaudit_example_stops.py").write_text(
        FAULTY + "class Stops(Odd):\n    kind = 'stops'\n    def _fit(self, data, course): raise SystemExit(0)\n"
        "STOPS = Recipe('stops', 'plaudit_example_stops:Stops')\n"
    )
    install(site, "exits", {"plaudit.recipes": {"exit": "plaudit_example_exit:RECIPE"}})
    install(site, "stops", {"plaudit.recipes": {"stops": "plaudit_example_stops:STOPS"}})
    err = command("train", "sample", "--recipe", "exit", code=2).err
    assert err == "plaudit: the plugin exits (plaudit_example_exit:RECIPE) cannot be imported: SystemExit: 0.\n"
    err = command("train", "sample", "--recipe", "stops", code=2).err
    assert re.search(r"^plaudit: the plugin stops failed at plaudit_example_stops\.py:\d+: SystemExit: 0\.$", err)
    with pytest.raises(PluginError, match="the plugin stops failed"):
        find_recipe("stops").load_class()().fit(reviews.texts, reviews.label_names())


@pytest.mark.usefixtures("example")
def test_it_is_tuned_by_its_metric(command: Command, verdicts: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    options = ("--recipes", "tfidf", "--metric", "worst_recall", "--time", "0.5s", "-o", "tuned")
    found = command("tune", verdicts, *options, "--json").json()
    assert found["defaults"][0]["settings"] == {"C": 10.0}
    assert "not measured, and so not compared here: tfidf (plaudit-example)." in command("advise", "sample").out
    assert found["winner"]["worst_recall"] >= found["defaults"][0]["worst_recall"]
    command("train", "--config", "tuned/run.toml", "-o", "best")
    assert "cannot be searched" in command("tune", verdicts, "--recipes", "nope", code=2).err


@pytest.mark.usefixtures("example")
def test_it_is_served(reviews: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    from plaudit.server.served_model import ServedModel

    find_recipe("tfidf").load_class()().fit(reviews.texts, reviews.label_names()).save(tmp_path / "model")
    served = ServedModel("mine", tmp_path / "model").load()
    assert served.classifier.predict(["a warm joy"]).tolist() == ["liked"]


@pytest.mark.usefixtures("example")
def test_its_embedding_is_listed_and_trained_on(command: Command, tmp_path: Path) -> None:
    assert "four words of praise" in command("embeddings", "list").out
    command("train", "sample", "--embedding", "opinion", "--epochs", "1", "-o", "model")
    assert plaudit.load(tmp_path / "model").predict(["good"]).shape == (1,)  # without the plugin: the folder has it all


def test_without_the_package_its_models_are_refused_with_its_name(
    example: Path, command: Command, reviews: Dataset, tmp_path: Path
) -> None:
    find_recipe("tfidf").load_class()().fit(reviews.texts, reviews.label_names()).save(tmp_path / "model")
    (tmp_path / "run.toml").write_text('[data]\nsource = "sample"\n[model]\nrecipe = "tfidf"\n')
    with (tmp_path / "run.toml").open("a") as run:
        run.write('[versions]\nplugins = "plaudit-example"\n')
    metadata = next(example.glob("*.dist-info"))
    (metadata / "entry_points.txt").rename(tmp_path / "entry_points.txt")
    (example / "touched").touch()  # so that packages are read again
    with pytest.raises(ModelError, match=r"plaudit-example, whose version here, 0\.1\.0, does not have it"):
        plaudit.load(tmp_path / "model")
    shutil.rmtree(metadata)
    err = command("train", "--config", "run.toml", "-o", "again", code=2).err
    assert "run.toml: The run needs plaudit-example, not installed here; install that, if you trust it." in err
    sys.modules.pop("plaudit_example")
    message = "recipe 'tfidf' of the package plaudit-example, which is not installed here"
    with pytest.raises(ModelError, match=message):
        plaudit.load(tmp_path / "model")
    assert "plaudit_example" not in sys.modules  # though the module itself still lies on the path
    assert "expected one of auto, network, ngram" in command("train", "sample", "--recipe", "tfidf", code=2).err
    install(example, "another", {"plaudit.recipes": {"tfidf": "plaudit_example:RECIPE"}})
    with pytest.raises(ModelError, match="here that recipe is of the package another"):
        plaudit.load(tmp_path / "model")


def test_a_folder_imports_nothing_that_is_not_an_installed_plugin(site: Path, reviews: Dataset, tmp_path: Path) -> None:
    """Whatever it calls its kind or its package."""
    (site / "plaudit_example_evil.py").write_text("raise SystemExit('imported')")
    plaudit.NgramClassifier(min_texts=1).fit(reviews.texts, reviews.label_names()).save(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "model.json").read_text())
    for kind in ("plaudit_example_evil", "plaudit_example_evil:RECIPE", "../x", "a" * 10_000, "\0"):
        for package in ({}, {"package": "plaudit_example_evil"}):
            (tmp_path / "model" / "model.json").write_text(json.dumps({**manifest, "kind": kind, **package}))
            with pytest.raises(ModelError, match=r"unknown kind of model|is not installed here"):
                plaudit.load(tmp_path / "model")
    for bad in ("a b", "https://x", "-r", 7, "x" * 101, ""):
        (tmp_path / "model" / "model.json").write_text(json.dumps({**manifest, "kind": "x", "package": bad}))
        with pytest.raises(ModelError, match="package is not the name of a package"):
            plaudit.load(tmp_path / "model")
    assert "plaudit_example_evil" not in sys.modules


def test_what_is_built_in_wins_and_asks_no_plugin(site: Path) -> None:
    install(site, "late", {"plaudit.recipes": {"ngram": "plaudit_example_nowhere:X"}})
    assert find_recipe("ngram") is BUILT_IN["ngram"]
    assert recipe_names() == tuple(BUILT_IN)


def test_a_plugin_that_cannot_be_used_is_told_in_a_line(site: Path, command: Command, tmp_path: Path) -> None:
    (site / "plaudit_example_bad.py").write_text("import plaudit_example_nowhere")
    (site / "plaudit_example_odd.py").write_text("RECIPE = 3")
    install(
        site, "bad", {"plaudit.recipes": {"bad": "plaudit_example_bad:RECIPE", "odd": "plaudit_example_odd:RECIPE"}}
    )
    install(site, "bad-reader", {"plaudit.readers": {"bad": "plaudit_example_bad:X"}})
    install(site, "twice", {"plaudit.recipes": {"odd": "plaudit_example_odd:OTHER"}})
    assert plugin_names("plaudit.recipes") == ("bad", "odd")
    assert plugin_package("plaudit.recipes", "bad") == "bad"
    err = command("train", "sample", "--recipe", "bad", code=2).err
    assert "the plugin bad (plaudit_example_bad:RECIPE) cannot be imported: ModuleNotFoundError" in err
    with pytest.raises(PluginError, match="more than once: by bad and twice"):
        find_recipe("odd")
    shutil.rmtree(site / "twice-0.1.0.dist-info")
    with pytest.raises(PluginError, match=r"is a int; plaudit\.recipes takes a Recipe"):
        load_plugin("plaudit.recipes", "odd", Recipe)
    (tmp_path / "rows.odd").write_text("x")
    assert "the plugin bad-reader" in command("data", "show", "rows.odd", code=2).err


FAULTY = """
import numpy as np
import pyarrow as pa
from plaudit.data.readers.formats import Format
from plaudit.data.readers.lines import LineReader
from plaudit.embeddings import EmbeddingTable
from plaudit.embeddings.registry import EmbeddingSource
from plaudit.text import WordTokenizer
from plaudit.models import Classifier
from plaudit.registry import Choice, Recipe
class Bare(Classifier):
    kind = "bare"
    def __init__(self, *, sizes: list[int] = (), seed=0): self.sizes, self.seed = sizes, seed
    def _fit(self, data, course): pass
    def _logits(self, texts): pass
class Raising(Bare):
    kind = "raising"
    def _fit(self, data, course): return {}["missing"]
    def summary(self): return {}["missing"]
    def write(self, folder): pass
    @classmethod
    def read(cls, folder, manifest): pass
class Odd(Raising):
    kind = "odd"
    def _fit(self, data, course): pass
    def _logits(self, texts): return self.sizes(len(texts))
class Unread(Odd):
    kind = "unread"
    def __init__(self, seed=0): self.seed, self.sizes = seed, lambda n: np.zeros((n, 1), np.float32)
    def write(self, folder): self._write_manifest(folder)
class Spaced(Unread): kind = "spaced"
BARE = Recipe("bare", "plaudit_example_faulty:Bare", kind="bare")
RAISING = Recipe("raising", "plaudit_example_faulty:Raising", kind="raising")
ODD = Recipe("odd", "plaudit_example_faulty:Odd", explainer="json")
UNREAD = Recipe("unread", "plaudit_example_faulty:Unread")
SPACED = Recipe("spaced", "plaudit_example_faulty:Spaced", space={"nope": Choice((1, 2))})
class Rows(LineReader):
    def _rows(self): yield "no row"
ROWS = Format(Rows, (".rows",))
NOTHING = Format(lambda source, spec: None, (".nothing",))
WORDS, VECTORS = pa.array(["good", "bad"], pa.large_string()), np.ones((2, 3), np.float32)
MADE = {
    "text": lambda: "vectors",
    "flat": lambda: EmbeddingTable("flat", None, WORDS, VECTORS[0]),
    "nan": lambda: EmbeddingTable("nan", WordTokenizer(), WORDS, VECTORS * np.nan),
    "cut": lambda: EmbeddingTable("cut", None, WORDS, VECTORS),
}
EMBEDDINGS = EmbeddingSource(lambda name: name in MADE, lambda request: MADE[request.name](), lambda: [3])
"""


@pytest.fixture
def faulty(site: Path) -> Path:
    """A plugin that does all wrong, installed."""
    (site / "plaudit_example_faulty.py").write_text(FAULTY)
    install(
        site,
        "faulty",
        {
            "plaudit.recipes": {
                each.lower(): f"plaudit_example_faulty:{each}"
                for each in ("BARE", "RAISING", "ODD", "UNREAD", "SPACED")
            },
            "plaudit.readers": {each.lower(): f"plaudit_example_faulty:{each}" for each in ("ROWS", "NOTHING")},
            "plaudit.embeddings": {"made": "plaudit_example_faulty:EMBEDDINGS"},
        },
    )
    return site


@pytest.mark.usefixtures("faulty")
def test_what_a_plugin_raises_is_a_line_with_its_package(command: Command) -> None:
    err = command("train", "sample", "--recipe", "bare", code=2).err
    assert "the plugin faulty: plaudit_example_faulty:Bare lacks read, summary, write." in err
    err = command("tune", "sample", "--recipes", "raising", code=2).err
    assert "--recipes: 'raising' cannot be searched" in err
    for words in (("tune", "sample", "--recipes", "spaced"), ("train", "sample", "--recipe", "spaced")):
        err = command(*words, code=2).err
        assert "the plugin faulty: 'nope' in the space of spaced is no setting of it." in err
    err = command("train", "sample", "--recipe", "raising", "--set", "sizes=[3]", code=2).err
    assert re.search(r"the plugin faulty failed at plaudit_example_faulty\.py:\d+: KeyError: 'missing'\.", err)


@pytest.mark.usefixtures("faulty")
def test_what_a_plugin_returns_is_checked_where_it_is_asked(command: Command, tmp_path: Path) -> None:
    for name in ("rows", "nothing"):
        (tmp_path / f"mine.{name}").write_text("a b\n")
    for words, line in (
        (("data", "show", "mine.rows"), "(Rows), or Plaudit with it, failed at lines.py:"),
        (
            ("data", "show", "mine.nothing"),
            "failed when asked for a reader of mine.nothing: TypeError: expected a Read",
        ),
        (("train", "sample", "--recipe", "odd"), "failed when asked for the explainer json: TypeError: it lacks token"),
        (("embeddings", "list"), "failed when asked for the list of its embeddings: TypeError: expected an Embeddi"),
    ):
        assert f"plaudit: the plugin faulty {line}" in command(*words, code=2).err
    for name, line in (
        ("text", " failed when asked for the embedding text: TypeError: expected an EmbeddingTable, got 'vectors'"),
        ("flat", ": flat: 2 tokens need float32 vectors"),
        ("cut", " failed when asked for the embedding cut: TypeError: expected a tokenizer"),
        ("nan", " failed when asked for the embedding nan: ValueError: a number in its vectors is NaN"),
    ):
        with pytest.raises(PluginError, match=re.escape(f"the plugin faulty{line}")):
            plaudit.load_embedding(name)


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize(
    ("made", "found"),
    [
        (lambda n: np.zeros(n, np.float32), "float32 [80]"),
        (lambda n: np.zeros((n, 2), np.float32), "float32 [80, 2]"),
        (lambda n: np.zeros((n - 1, 1), np.float32), "float32 [79, 1]"),
        (lambda n: np.zeros((n, 1)), "float64 [80, 1]"),
        (lambda n: [[0.0]] * n, "list []"),
        (lambda n: None, "NoneType []"),
    ],
)
def test_logits_of_another_shape_or_type_name_the_plugin(
    made: Callable[[int], object], found: str, reviews: Dataset
) -> None:
    model = find_recipe("odd").load_class()(sizes=made).fit(reviews.texts, reviews.label_names())
    with pytest.raises(
        PluginError,
        match=re.escape(
            f"the plugin faulty failed when asked for logits: TypeError: expec"
            f"ted an array, float32 [80, 1], got {found}."
        ),
    ):
        model.predict(reviews.texts)


@pytest.mark.usefixtures("faulty")
def test_logits_that_are_no_numbers_are_the_plugins_fault(reviews: Dataset) -> None:
    model = find_recipe("odd").load_class()(sizes=lambda n: np.full((n, 1), np.nan, np.float32))
    with pytest.raises(PluginError, match=r"^the plugin faulty: its recipe odd gave nan for text 1\.$"):
        model.fit(reviews.texts, reviews.label_names()).predict(reviews.texts)


@pytest.mark.usefixtures("faulty")
def test_a_fault_after_training_loses_no_model(command: Command, tmp_path: Path, reviews: Dataset) -> None:
    done = command("train", "sample", "--recipe", "unread", "-o", "model", code=2)
    assert re.search(r"the plugin faulty failed at plaudit_example_faulty\.py:\d+: KeyError: 'missing'\.", done.out)
    assert "Next:" not in done.out
    assert done.err == (
        "plaudit: model: the model is saved, but cannot be opened: the plugin faulty failed when asked for the model "
        "in its folder: TypeError: expected `read` to return a Classifier, got None.\n"
    )
    assert json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]["accuracy"] == 0.5
    model = find_recipe("raising").load_class()()
    model.classes_ = np.array(["bad", "good"])
    with pytest.raises(PluginError, match="the plugin faulty failed when asked for a model's files: ValueError: expec"):
        model.save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_records_are_checked_where_they_are_made() -> None:
    for low, high, log in ((5, 1, False), (-1, 1, True), (2, 2, False)):
        with pytest.raises(ValueError, match="low below high"):
            Range(low, high, log)
    with pytest.raises(ValueError, match="the sign 1 or -1"):
        Metric("odd", len, "odd", sign=0)
    for wrong, words in (
        ({"space": {"C": 3}}, "a Choice or a Range for 'C'"),
        ({"quick_below": "x"}, "quick_below is"),
    ):
        with pytest.raises(ValueError, match=f"Recipe 'odd': .*{words}"):
            Recipe("odd", "odd:Odd", **wrong)
    with pytest.raises(ValueError, match="begin with a dot"):
        formats.Format(formats.FORMATS["csv"].open, ("odd",))


@pytest.mark.usefixtures("example")
def test_a_plugins_setting_of_another_type_is_refused(command: Command, verdicts: Path) -> None:
    assert "--set C=abc: expected a number." in command("train", verdicts, *TFIDF, "--set", "C=abc", code=2).err


def test_a_setting_that_no_recipe_has_is_refused(command: Command) -> None:
    assert (
        "--set nope=… is no setting of --recipe ngram"
        in command("train", "sample", "--recipe", "ngram", "--set", "nope=1", code=2).err
    )
    assert (
        "--set n_max: it has an option of its own, --n-max"
        in command("train", "sample", "--recipe", "ngram", "--set", "n_max=1", code=2).err
    )
    twice = command("train", "sample", "--recipe", "ngram", "--set", "C=1", "--set", "C=2", code=2).err
    assert twice == "plaudit: --set C=2: C is given twice.\n"
    assert "--set nope: expected NAME=VALUE" in command("train", "sample", "--set", "nope", code=2).err
    with pytest.raises(ConfigError, match="--metric kappa: expected one of accuracy, balanced_accuracy, log_loss"):
        find_metric("kappa")


@pytest.mark.slow
def test_pip_installs_the_example(tmp_path: Path) -> None:
    """As its page says; setuptools builds it, without a network."""
    if not all(find_spec(name) for name in ("pip", "setuptools", "sklearn")):
        pytest.skip("pip, setuptools or scikit-learn are not installed")
    shutil.copytree(EXAMPLE, tmp_path / "plugin")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(tmp_path / "site")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(tmp_path / "plugin")], check=True)
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\nfrom plaudit.registry import find_recipe\n"
    code += "print(find_recipe('tfidf').package)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "plaudit-example\n"


PAGES = {
    "recipe": ("train", "sample", *TFIDF),
    "format": ("data", "show", "mine.verdict"),
    "metric": ("tune", "sample", "--recipes", "ngram", "--metric", "worst_recall", "--time", "0.1s"),
    "embedding": ("embeddings", "show", "opinion", "a great film"),
}


@pytest.mark.usefixtures("verdicts")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_on_adding_something_shows_the_example_and_all_that_it_needs(
    page: str, site: Path, command: Command
) -> None:
    pytest.importorskip("sklearn", reason="the example plugin needs scikit-learn")
    text = (EXAMPLE.parents[1] / "docs" / "contributing" / f"{page}.md").read_text(encoding="utf-8")
    code = [line.removeprefix("    ") for line in text.split("\n") if line.startswith("    ")]
    code = [line for line in code if not line.startswith(("pip ", "plaudit ", "printf "))]
    example = (EXAMPLE / "plaudit_example.py").read_text() + (EXAMPLE / "pyproject.toml").read_text()
    assert [each for each in code if each not in example.split("\n")] == []
    begin = next(i for i, line in enumerate(code) if line.startswith("["))
    (site / "plaudit_example.py").write_text("\n".join(code[:begin]))
    install(site, "page", tomllib.loads("\n".join(code[begin:]))["project"]["entry-points"])
    command(*PAGES[page])
