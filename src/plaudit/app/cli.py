"""The command line: `plaudit COMMAND`, one function for each.

A command is a module of its name, or of a folder of its name: its options, what it does with them, and what a person
sees of it. It is imported when it is called, so that `plaudit --help` is instant; what that says of it stands here.
A command's module imports at its top only what its own help needs. What its work needs (NumPy, Arrow, models) is
imported by the functions that do it, so that `plaudit COMMAND --help` is instant too; a test holds that.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from plaudit.app.errors_as_lines import lacks_memory, said_in_a_line

# In the order of the help: the command, its function below `plaudit.app`, and what it does.
COMMANDS = (
    ("audit", "audit:audit",
     "Find repeated, leaking, broken and mislabelled texts."),
    ("train", "train.command:train",
     "Train a classifier, test it once, save it with its report."),
    ("tune", "tune:tune",
     "Search for the best recipe and settings; test sealed."),
    ("evaluate", "evaluate:evaluate", "Measure a model on labelled texts."),
    ("compare", "compare:compare",
     "Compare models: is the difference more than chance?"),
    ("gate", "gate:gate",
     "Check a model against requirements: exits with 0 or 1."),
    ("drift", "drift:drift", "Compare later texts with those a model was tested on."),
    ("threshold", "threshold:threshold",
     "Show the effect of a decision rule; save it."),
    ("learning-curve", "learning_curve:learning_curve",
     "Estimate what more labels would bring."),
    ("explain", "explain:explain", "Show how much each word contributes to an answer."),
    ("report", "report:report", "Write a model's report again, on other data too."),
    ("predict", "predict:predict", "Label texts: one answer for each text, in order."),
    ("serve", "serve:serve", "Serve models over HTTP, with a page to try them."),
    ("export", "export:export",
     "Export to TensorFlow, Keras, ONNX or transformers."),
    ("advise", "advise:advise", "Say which recipe suits a data set, and why."),
    ("doctor", "doctor:doctor",
     "Check this installation, and say what is missing."),
    ("data show", "data_show:data_show", "Print sizes, class balance, lengths and the first examples."),
    ("import tensorflow", "import_tensorflow:import_tensorflow",
     "Import the tutorial's network as Keras saved it, without TensorFlow."),
    ("embeddings list", "embeddings:embeddings_list", "List the embeddings, and what each needs."),
    ("embeddings show", "embeddings:embeddings_show", "Print the vectors of texts, as (num_examples, dimension)."),
    ("encoders list", "embeddings:encoders_list", "List the named encoders, and which are available."),
)  # fmt: skip
_GROUPS = {
    "data": "Inspect data sets.",
    "import": "Import a model from another program.",
    "embeddings": "Inspect text embeddings.",
    "encoders": "Inspect transformer encoders.",
}
_FORMER = {"info": "doctor"}  # what a command was called, and what it is called
_KIND = re.compile(r"<(?:list\[)?(str|path|Path|int|float)(?: range)?\]?>")  # as Typer writes it
_KINDS_IN_WORDS = {"str": "TEXT", "path": "PATH", "Path": "PATH", "int": "NUMBER", "float": "NUMBER"}
ADVANCED = "Advanced"
PANELS: dict[str, tuple[str, ...]] = {
    "Data": (
        "text_column", "label_column", "label_separator", "validation", "test", "group_by", "skip_invalid", "clean",
    ),
    "Recipe": ("recipe", "embedding", "encoder", "trainable", "n_max", "chars", "max_tokens", "device", "teacher"),
    "Training": (
        "epochs", "batch_size", "learning_rate", "class_weight", "early_stopping", "patience", "refit", "seed",
    ),
    "Output": ("output", "config", "resume", "verbose", "help"),
}  # fmt: skip


class Command(TyperCommand):
    """A command whose help names kinds of values as words; `train`'s has a panel for each of `PANELS` and the rest.

    The decision to question: Typer's own panels need its boxes, which a pipe and a narrow terminal break.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:  # Any: Click's, which Typer keeps to itself
        """Write the arguments, then each panel with its options in their order there."""
        records: dict[str, tuple[str, str]] = {}
        arguments = []
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                words = _KIND.sub(lambda found: _KINDS_IN_WORDS[found[1]], record[0]), record[1]
                if parameter.param_type_name == "argument":
                    arguments.append(words)
                else:
                    records[parameter.name] = words
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        panels = PANELS if self.name == "train" else {}
        for panel, names in panels.items():
            with formatter.section(panel):
                formatter.write_dl([records.pop(name) for name in names if name in records])
        with formatter.section(ADVANCED if panels else "Options"):
            formatter.write_dl(list(records.values()))


class CommandGroup(TyperGroup):
    """Commands of which each is imported when it is called; until then it is its name and what it does."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # Any: Click's, which Typer keeps to itself
        """Return the name of the command that is called, the command itself, and the words after it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if command is None else imported(command), rest


def imported(command: Any) -> Any:  # Any: Click's, which Typer keeps to itself
    """Return a command with its options, which its module declares; a group of commands as it is."""
    if isinstance(command, TyperGroup):
        return command
    module, _, function = command.callback().partition(":")
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    one.command(command.name, cls=Command, help=command.help)(
        getattr(importlib.import_module(f"plaudit.app.{module}"), function)
    )
    return typer.main.get_command(one)


def _make_app(commands: Sequence[tuple[str, str, str]]) -> typer.Typer:
    made = typer.Typer(
        name="plaudit",
        cls=CommandGroup,
        help="Turn labelled text into a classifier that its owner can trust.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    groups = {name: typer.Typer(cls=CommandGroup, no_args_is_help=True, help=help) for name, help in _GROUPS.items()}
    for name, group in groups.items():
        made.add_typer(group, name=name)
    for path, home, words in commands:
        within, _, name = path.rpartition(" ")
        group = groups[within] if within else made
        for each in (name, *(former for former, now in _FORMER.items() if now == path)):
            group.command(each, help=words, hidden=each in _FORMER)(lambda home=home: home)
    return made


app = _make_app(COMMANDS)


def main() -> None:
    """Run the command line."""
    if sys.stdout is None:  # closed by the caller (`>&-`)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows ASCII only gets \xe9 for é, not a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        with said_in_a_line():
            try:
                app()
            finally:
                sys.stdout.flush()  # help and version, too, may go to a full disk or to a reader that has left
    except (typer.Exit, SystemExit) as ended:
        code = ended.exit_code if isinstance(ended, typer.Exit) else ended.code
        if isinstance(code, int) and lacks_memory(ended):
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os._exit(code)  # libraries that are half loaded crash where they are unloaded
        sys.exit(code)


def _version(value: bool) -> None:
    if value:
        import plaudit

        typer.echo(f"plaudit {plaudit.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn labelled text into a classifier that its owner can trust."""
