"""The command line: `plaudit COMMAND`, one function for each.

Options are parsed here and in the modules named `..._options`, and nowhere else. What a command needs is imported when
it runs, so that `plaudit --help` is instant.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from plaudit.app.audit_options import audit
from plaudit.app.data_options import reads_data
from plaudit.app.errors_as_lines import errors_as_lines, said_in_a_line
from plaudit.app.explain_options import explain
from plaudit.app.measure_options import compare, evaluate, learning_curve
from plaudit.app.predict_options import predict
from plaudit.app.report_options import report
from plaudit.app.serve_options import serve
from plaudit.app.threshold_options import threshold
from plaudit.app.train_options import AsJson, train
from plaudit.app.tune_options import tune
from plaudit.config import DataSpec

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
app.command()(train)
app.command()(tune)
app.command()(evaluate)
app.command()(compare)
app.command()(threshold)
app.command("learning-curve")(learning_curve)
app.command()(explain)
app.command()(report)
app.command()(predict)
app.command()(serve)


@app.command()
@errors_as_lines
@reads_data
def export(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    to: Annotated[Literal["savedmodel", "keras", "onnx", "huggingface"], typer.Option(help="The form.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The export's folder.")],
    dtype: Annotated[
        Literal["float32", "float16", "int8"], typer.Option(help="How the embedding's vectors are stored.")
    ] = "float32",
    prune: Annotated[bool, typer.Option("--prune", help="Drop the rows of tokens that training did not move.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="With --prune: keep the tokens of this file's texts instead.")
    ] = None,
    check: Annotated[Path | None, typer.Option(help="Texts to check the export on. [the built-in sample]")] = None,
    *,
    spec: DataSpec,
) -> None:
    """Hand a model to TensorFlow, Keras, ONNX or Hugging Face's transformers, checked on real texts."""
    from plaudit.app.export import export as export_to

    export_to(model, to, output, precision=dtype, prune=prune, keep=keep, check=check, spec=spec)


@app.command()
@errors_as_lines
@reads_data
def advise(
    data: Annotated[str, typer.Argument(help="imdb, sample, a file or a folder.")],
    as_json: AsJson = False,
    *,
    spec: DataSpec,
) -> None:
    """Say which recipe suits a data set, why, and how long training it takes here."""
    from plaudit.app.advise import advise as advise_on

    advise_on(data, as_json=as_json, spec=spec)


@import_app.command("tensorflow")
@errors_as_lines
def import_tensorflow(
    path: Annotated[Path, typer.Argument(help="A SavedModel's folder, a .keras archive or an .h5 file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The model's folder. [models/NAME]")] = None,
    classes: Annotated[
        str | None, typer.Option(help="The classes' names in the order of the outputs, like neg,pos. [0,1,...]")
    ] = None,
    module: Annotated[
        str | None, typer.Option(help="The hub module's folder or archive. [what a .keras or .h5 file names]")
    ] = None,
) -> None:
    """Take over the tutorial's network, a hub layer and dense layers, as Keras saved it; TensorFlow is not needed."""
    from plaudit.app.import_model import import_tensorflow as run

    run(path, output=output, classes=classes, module=module)


@data_app.command("show")
@errors_as_lines
@reads_data
def data_show(
    data: Annotated[str, typer.Argument(help="imdb, sample, a file or a folder.")],
    n_examples: Annotated[int, typer.Option("--examples", min=0, help="How many examples to print.")] = 10,
    *,
    spec: DataSpec,
) -> None:
    """Print sizes, class balance, lengths and the first examples."""
    from plaudit.app import commands

    commands.show_data(data, n_examples=n_examples, spec=spec)


@encoders_app.command("list")
@errors_as_lines
def encoders_list() -> None:
    """Print the encoders that have names, and which are at hand."""
    from plaudit.app import commands

    commands.list_encoders()


@embeddings_app.command("list")
@errors_as_lines
def embeddings_list() -> None:
    """Print the embeddings there are, and what each needs."""
    from plaudit.app import commands

    commands.list_embeddings()


@embeddings_app.command("show")
@errors_as_lines
def embeddings_show(
    name: Annotated[str, typer.Argument(help="A name or a path.")],
    texts: Annotated[list[str], typer.Argument(help="Texts to embed.")],
) -> None:
    """Print the vectors of texts, as (num_examples, dimension)."""
    from plaudit.app import commands

    commands.show_embedding(name, texts)


@app.command()
@app.command("info", hidden=True)  # what it was called
@errors_as_lines
def doctor() -> None:
    """Look at this installation: versions, devices, caches, and what is missing with the line that installs it."""
    from plaudit.app import commands

    commands.doctor()
