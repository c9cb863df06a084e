"""The command line: `plaudit COMMAND`, one function for each.

A command is a module or a folder of its name, which declares its options. What a command needs is imported when it
runs, so that `plaudit --help` is instant.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.advise import advise
from plaudit.app.audit import audit
from plaudit.app.compare import compare
from plaudit.app.data_show import data_show
from plaudit.app.doctor import doctor
from plaudit.app.embeddings import embeddings_list, embeddings_show, encoders_list
from plaudit.app.errors_as_lines import said_in_a_line
from plaudit.app.evaluate import evaluate
from plaudit.app.explain import explain
from plaudit.app.export import export
from plaudit.app.gate import gate
from plaudit.app.import_model import import_tensorflow
from plaudit.app.learning_curve import learning_curve
from plaudit.app.panels import PanelledCommand
from plaudit.app.predict import predict
from plaudit.app.report import report
from plaudit.app.serve import serve
from plaudit.app.threshold import threshold
from plaudit.app.train import train
from plaudit.app.tune import tune

app = typer.Typer(
    name="plaudit",
    help="Turn labelled text into a classifier that its owner can trust.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(no_args_is_help=True, help="Look at data sets.")
encoders_app = typer.Typer(no_args_is_help=True, help="Look at transformer encoders.")
embeddings_app = typer.Typer(no_args_is_help=True, help="Look at text embeddings.")
import_app = typer.Typer(no_args_is_help=True, help="Take over a model of another program.")
app.add_typer(data_app, name="data")
app.add_typer(import_app, name="import")
app.add_typer(embeddings_app, name="embeddings")
app.add_typer(encoders_app, name="encoders")


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
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


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


app.command()(audit)
app.command(cls=PanelledCommand)(train)
app.command()(tune)
app.command()(evaluate)
app.command()(compare)
app.command()(gate)
app.command()(threshold)
app.command("learning-curve")(learning_curve)
app.command()(explain)
app.command()(report)
app.command()(predict)
app.command()(serve)
app.command()(export)
app.command()(advise)
import_app.command("tensorflow")(import_tensorflow)
data_app.command("show")(data_show)
encoders_app.command("list")(encoders_list)
embeddings_app.command("list")(embeddings_list)
embeddings_app.command("show")(embeddings_show)
app.command()(doctor)
app.command("info", hidden=True)(doctor)  # what it was called
