"""What every command keeps to: help, versions, odd terminals, readers that leave."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import plaudit
from plaudit.app.cli import app
from plaudit.app.errors_as_lines import plain
from plaudit.data import load_sample

Command = Callable[..., Any]
COMMANDS = [
    [], ["advise"], ["train"], ["evaluate"], ["predict"], ["data"], ["data", "show"], ["embeddings"],
    ["embeddings", "list"], ["embeddings", "show"], ["doctor"],
]  # fmt: skip


def shell(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    code = "from plaudit.app.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, env=os.environ | environment, timeout=120
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: Command, words: list[str]) -> None:
    assert command(*words, "--help").out.startswith("Usage: ")


def test_every_option_says_what_it_does(command: Command) -> None:
    text = command("train", "--help").out
    for option in (
        "--output", "--recipe", "--embedding", "--epochs", "--soup", "--batch-size", "--validation", "--seed",
        "--text-column", "--label-column", "--resume", "--no-early-stopping", "--config", "--refit", "--group-by",
        "--tensorboard", "--n-max", "--min-texts", "--regularisation", "--encoder", "--max-tokens",
        "--long-texts", "--device", "--layer-decay", "--label-smoothing", "--teacher", "--unlabelled",
        "--label-separator",
    ):  # fmt: skip
        assert option in text


def test_a_shell_completes_commands() -> None:
    code = "import sys; sys.argv = ['plaudit']; from plaudit.app.cli import main; main()"
    asked = {"_PLAUDIT_COMPLETE": "complete_bash", "COMP_WORDS": "plaudit tr", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ | asked, timeout=120)
    assert done.stdout == b"train\n"


def test_version(command: Command) -> None:
    assert command("--version").out == f"plaudit {plaudit.__version__}\n"


@pytest.mark.parametrize("words", [["frobnicate"], ["train", "--nope"], ["evaluate"], ["train", "--epochs", "many"]])
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom plaudit.app.cli import COMMANDS, app\n"
        "for words in ([], *(name.split() for name, *_ in COMMANDS)):\n"
        "    assert CliRunner().invoke(app, [*words, '--help']).exit_code == 0\n"
        "    heavy = {'numpy', 'pyarrow', 'scipy', 'sklearn', 'numba', 'torch', 'pandas'} & set(sys.modules)\n"
        "    assert not heavy, (words, heavy)\n"
        "    assert words or 'rich' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_data_show_prints_sizes_and_examples(command: Command) -> None:
    lines = command("data", "show", "sample", "--examples", "3").lines()
    assert lines[0] == "lengths in words, and characters in all"
    assert lines[1].split()[:3] == ["part", "texts", "shortest"]
    train = load_sample().train
    assert lines[2].split()[:2] == ["train", str(len(train))]
    assert lines[3].split()[0] == "test"
    balance = ", ".join(f"{name} {n} (50 %)" for name, n in train.class_counts().items())
    assert lines[5] == f"train: {balance}"
    assert lines[8] == "The first 3 of train"
    assert [line.split()[0] in ("neg", "pos") for line in lines[9:12]] == [True] * 3
    assert lines[13:] == ["Next: plaudit train sample"]


def test_data_show_ends_with_a_training_that_leaves_out_what_cannot_be_used(command: Command, tmp_path: Path) -> None:
    rows = [f"some words that say {i};{('spam', 'ham')[i % 2]}" for i in range(40)]
    (tmp_path / "my.csv").write_text("words;team\n" + "\n".join([*rows, "no label;", ";ham"]) + "\n")
    next_line = "Next: plaudit train my.csv --skip-invalid"
    assert command("data", "show", "my.csv").lines()[-1] == next_line
    assert command("audit", "my.csv", "--no-noise").lines()[-1] == next_line


def test_data_show_says_what_it_understood_and_what_is_odd(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    rows = [f"some words that say {i},{label}" for i, label in enumerate(["Spam", "spam", "ham", "mail"] * 5)]
    (tmp_path / "data" / "train.csv").write_text("words,team\n" + "\n".join(rows) + "\n")
    (tmp_path / "data" / "test.csv").write_text("words,team\n" + "\n".join(rows[:3]) + "\n")
    lines = command("data", "show", "data").lines()
    assert lines[0] == "text: column 'words' (the other one); label: column 'team' (4 values)"
    assert lines[1].startswith("note: labels that look alike: 'Spam' (5), 'spam' (5); --merge-labels")
    assert "note: the test part has no text of 1 class ('mail'), which has no test figure." in lines


def test_data_show_keeps_a_text_on_its_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text('text,label\n"two\nlines [bold]",[/x]\n\x1b[31mred,b\n')
    lines = command("data", "show", "odd.csv").lines()
    assert [line.split(maxsplit=1) for line in lines[-4:-2]] == [["[/x]", "two lines [bold]"], ["b", "\\x1b[31mred"]]


@pytest.mark.parametrize("content", ["", "text\na\n", "text,label\na,\n", "text,label\na,b\n"])
def test_data_show_of_what_is_no_data_is_one_clear_line(command: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.csv").write_text(content)
    assert "odd.csv" in command("data", "show", "odd.csv", code=2).err


def test_embeddings_are_listed(command: Command) -> None:
    out = command("embeddings", "list").out
    for word in ("minilm", "random", "PATH", "29,525", "Apache-2.0"):
        assert word in out


def test_embeddings_show_prints_the_shape_and_the_vectors(command: Command, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("good 1 2\nbad 3 4\n")
    out = command("embeddings", "show", "vectors.txt", "good", "good bad", "zzz").out
    assert out.startswith("(3, 2)  (num_examples, dimension)")
    assert "[[1. 2. ]\n [2.8284 4.2426]\n [0. 0. ]]" in re.sub(r" +", " ", out)
    assert "knows 75.0 % of the tokens; not: 'zzz'" in out
    assert "(1, 50)" in command("embeddings", "show", "random", "").out
    assert "Unknown embedding 'nope'" in command("embeddings", "show", "nope", "x", code=2).err


def test_the_doctor_tells_versions_places_and_what_extras_lack(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = [
        "numpy>=2",
        "numba>=0.61; extra == 'train'",
        "plaudit[train]; extra == 'tune'",
        "nothere>=1; extra == 'tune'",
    ]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: needs)
    out = command("doctor").out
    assert command("info").out.splitlines()[0] == out.splitlines()[0]
    assert re.search(r"^\[train\] +numba \d", out, re.M)
    assert "lacks nothere: pip install 'plaudit[tune]'" in out
    for word in (plaudit.__version__, "python", "cores", "GiB", "numpy", "pyarrow", str(tmp_path / "cache")):
        assert word in out


def test_a_terminal_that_knows_ascii_only_gets_escapes(sample_model: Path) -> None:
    done = shell("predict", sample_model, "café 😀", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.rstrip().endswith(rb"caf\xe9 \U0001f600")
    done = shell("predict", sample_model, "--json", "café 😀", PYTHONIOENCODING="ascii")
    assert rb'"text": "caf\u00e9 \ud83d\ude00"' in done.stdout
    done = shell("predict", sample_model, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


@pytest.mark.parametrize("words", [("data", "show", "sample"), ("predict", "MODEL", "--json", *["x" * 100] * 2_000)])
def test_a_reader_that_leaves_is_no_error(sample_model: Path, words: tuple[str, ...]) -> None:
    given = [str(sample_model) if word == "MODEL" else word for word in words]
    code = "from plaudit.app.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
@pytest.mark.parametrize("words", [("predict", "MODEL", "good"), ("predict", "MODEL", "--json", "good"), ("doctor",)])
def test_output_that_cannot_be_written_is_one_clear_line(sample_model: Path, words: tuple[str, ...]) -> None:
    given = [str(sample_model) if word == "MODEL" else word for word in words]
    code = "from plaudit.app.cli import main; main()"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, *given], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert (done.returncode, done.stderr) == (2, "plaudit: No space left on device.\n")


@pytest.mark.parametrize("environment", [{"COLUMNS": "40"}, {"COLUMNS": "400"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_pipe_gets_whole_lines_whatever_the_terminal(sample_model: Path, environment: dict[str, str]) -> None:
    done = shell("evaluate", sample_model, "sample", "--all", **environment)
    assert b"95 % interval" in done.stdout.splitlines()[1]
    assert b"\x1b" not in done.stdout


def test_plain_text_is_on_one_line_and_obeyed_by_nobody() -> None:
    assert plain("a\n b\tc\x1b[31m\x07é\u200d😀\x9b") == "a b c\\x1b[31m\\x07é\u200d😀\\x9b"
