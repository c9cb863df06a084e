"""The command line: `plaudit train`, `evaluate`, `predict`, `data`, `embeddings`, `info`.

Options are parsed here and nowhere else. What a command needs is imported when it runs, so that `plaudit --help` is
instant.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from plaudit.app.errors_as_lines import errors_as_lines

app = typer.Typer(
    name="plaudit",
    help="Turn labelled text into a classifier that its owner can trust.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(no_args_is_help=True, help="Look at data sets.")
embeddings_app = typer.Typer(no_args_is_help=True, help="Look at text embeddings.")
app.add_typer(data_app, name="data")
app.add_typer(embeddings_app, name="embeddings")

TextColumn = Annotated[str | None, typer.Option(help="The column that holds the text; found by name otherwise.")]
LabelColumn = Annotated[str | None, typer.Option(help="The column that holds the label; found by name otherwise.")]
LabelSeparator = Annotated[
    str | None, typer.Option(help='What separates the labels of a text that has several, like ",". [one label a text]')
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="IMDB's tarball or its extracted folder; otherwise $PLAUDIT_IMDB, then a download."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> None:
    """Run the command line."""
    if sys.stdout is None:  # closed by the caller (`>&-`)
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - stays open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows ASCII only gets \xe9 for é, not a traceback
            stream.reconfigure(errors="backslashreplace")
    app()


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


@app.command()
@errors_as_lines
def train(
    data: Annotated[
        str | None,
        typer.Argument(
            help="imdb, sample, a file (csv, tsv, jsonl, parquet, fastText) or a folder per class. "
            "Without it: imdb when it is at hand or can be fetched, else sample."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The model's folder. [models/DATA-RECIPE]")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A run.toml to repeat; other options change it.")] = None,
    recipe: Annotated[Literal["network"] | None, typer.Option(help="What to train. [network]")] = None,
    embedding: Annotated[str | None, typer.Option(help="A name or a path: `plaudit embeddings list`. [minilm]")] = None,
    trainable: Annotated[
        bool | None, typer.Option("--trainable/--frozen", help="Train the embedding too. [trainable]")
    ] = None,
    combiner: Annotated[
        Literal["sqrtn", "mean", "sum"] | None, typer.Option(help="How token vectors become one. [the embedding's own]")
    ] = None,
    hidden: Annotated[
        list[int] | None, typer.Option(help="Units of a hidden layer; repeat for more, 0 for none. [16]")
    ] = None,
    dropout: Annotated[float | None, typer.Option(help="Share of hidden units dropped in training. [0]")] = None,
    loss: Annotated[Literal["cross_entropy", "mean_squared_error"] | None, typer.Option(help="[cross_entropy]")] = None,
    class_weight: Annotated[
        Literal["none", "balanced"] | None, typer.Option(help="Balance rare classes. [none]")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the texts, at most. [40]")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Texts a step. [512, fewer for small data]")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's step size. [0.001]")] = None,
    early_stopping: Annotated[bool | None, typer.Option(help="Stop when val_loss stops falling. [on]")] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs to wait for a lower val_loss. [3]")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same weights, to the bit. [0]")] = None,
    refit: Annotated[
        bool | None, typer.Option("--refit/--no-refit", help="Then train on all but the test texts. [off]")
    ] = None,
    validation: Annotated[
        str | None, typer.Option(help="A number (the first N), a share, or a file. [imdb: 10000, else 0.2]")
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="A share or a file, sealed until the end. [the data's own, else 0.2]")
    ] = None,
    group_by: Annotated[str | None, typer.Option(help="A column whose groups stay together, like film.")] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
    data_dir: DataDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    tensorboard: Annotated[Path | None, typer.Option(help="Write TensorBoard logs into this folder.")] = None,
) -> None:
    """Train a classifier, test it once, and write it as a folder with its figures and curves."""
    from plaudit.app import commands

    hidden_units = None if hidden is None else tuple(n for n in hidden if n != 0)
    commands.train(
        output=output,
        config=config,
        resume=resume,
        tensorboard=tensorboard,
        data={
            "source": data, "data_dir": data_dir and str(data_dir), "text_column": text_column,
            "label_column": label_column, "label_separator": label_separator, "test": test, "validation": validation,
            "group_by": group_by,
        },
        model={
            "recipe": recipe, "embedding": embedding, "trainable": trainable, "combiner": combiner,
            "hidden": hidden_units, "dropout": dropout, "loss": loss, "class_weight": class_weight,
        },
        training={
            "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate,
            "early_stopping": early_stopping, "patience": patience, "seed": seed, "refit": refit,
        },
    )  # fmt: skip


@app.command()
@errors_as_lines
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    data: Annotated[
        str, typer.Argument(help="imdb, sample, a file or a folder; of a data set with parts, its test part.")
    ],
    as_json: AsJson = False,
    every_row: Annotated[bool, typer.Option("--all", help="Also the rows that the model was trained on.")] = False,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
    data_dir: DataDir = None,
) -> None:
    """Measure a model on labelled texts."""
    from plaudit.app import commands

    commands.evaluate(
        model, data, as_json=as_json, every_row=every_row,
        text_column=text_column, label_column=label_column, label_separator=label_separator, data_dir=data_dir,
    )  # fmt: skip


@app.command()
@errors_as_lines
def predict(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to label.")] = None,
    input_file: Annotated[Path | None, typer.Option("--input", "-i", help="A file of texts instead.")] = None,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the labelled rows.")
    ] = None,
    as_json: AsJson = False,
    text_column: TextColumn = None,
) -> None:
    """Label texts: one answer for each, in order."""
    from plaudit.app import commands

    commands.predict(
        model,
        texts or [],
        input_file=input_file,
        output_file=output_file,
        as_json=as_json,
        text_column=text_column,
    )


@app.command()
@errors_as_lines
def export(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    to: Annotated[Literal["savedmodel", "keras", "onnx"], typer.Option(help="The form.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The export's folder.")],
    dtype: Annotated[
        Literal["float32", "float16", "int8"], typer.Option(help="How the embedding's vectors are stored.")
    ] = "float32",
    prune: Annotated[bool, typer.Option("--prune", help="Drop the rows of tokens that training did not move.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="With --prune: keep the tokens of this file's texts instead.")
    ] = None,
    check: Annotated[Path | None, typer.Option(help="Texts to check the export on. [the built-in sample]")] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
) -> None:
    """Hand a model to TensorFlow, Keras or ONNX, checked on real texts."""
    from plaudit.app.export import export as export_to

    export_to(
        model, to, output, precision=dtype, prune=prune, keep=keep, check=check,
        text_column=text_column, label_column=label_column, label_separator=label_separator,
    )  # fmt: skip


@data_app.command("show")
@errors_as_lines
def data_show(
    data: Annotated[str, typer.Argument(help="imdb, sample, a file or a folder.")],
    n_examples: Annotated[int, typer.Option("--examples", min=0, help="How many examples to print.")] = 10,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
    data_dir: DataDir = None,
) -> None:
    """Print sizes, class balance, lengths and the first examples."""
    from plaudit.app import commands

    commands.show_data(
        data, n_examples=n_examples, text_column=text_column, label_column=label_column,
        label_separator=label_separator, data_dir=data_dir,
    )  # fmt: skip


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
@errors_as_lines
def info() -> None:
    """Print versions, devices and caches."""
    from plaudit.app import commands

    commands.info()
