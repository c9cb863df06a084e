"""The options of `plaudit train`, and those that other commands share with it.

An option of some recipes only begins its help with their names; whether a recipe has it is asked of the recipe itself,
when it is built, so that nothing heavy is imported for `--help`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from plaudit.app.data_options import reads_data, said
from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.config import DataSpec
from plaudit.errors import ConfigError
from plaudit.registry import BUILT_IN

Validation = Annotated[
    str | None, typer.Option(help="A number (the first N), a share, or a file. [imdb: 10000, else 0.2]")
]
Test = Annotated[str | None, typer.Option(help="A share or a file, sealed until the end. [the data's own, else 0.2]")]
GroupBy = Annotated[str | None, typer.Option(help="A column whose groups stay together, like film.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def further_settings(words: list[str]) -> dict[str, Any] | None:
    """Return settings given as NAME=VALUE, each value as TOML has it or else a word; None for none.

    Raises:
        ConfigError: One has no name.
    """
    found = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not (name.isidentifier() and equals):
            raise ConfigError(f"--set {each}: expected NAME=VALUE.")
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:  # a word without quotation marks
            found[name] = value
    return found or None


@errors_as_lines
@reads_data
def train(
    data: Annotated[
        str | None,
        typer.Argument(
            help="imdb, sample, a file (CSV, JSON, Excel, Parquet …), a folder, a glob or a database. "
            "Without it: imdb when it is at hand or can be fetched, else sample."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The model's folder. [models/DATA-RECIPE]")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A run.toml to repeat; other options change it.")] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help=f"auto, {', '.join(BUILT_IN)} or a plugin's; an option naming some is theirs. [auto; imdb: network]"
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting without an option, as plugins have; repeat."),
    ] = None,
    class_weight: Annotated[
        Literal["none", "balanced"] | None, typer.Option(help="Balance rare classes. [none]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same weights, to the bit. [0]")] = None,
    refit: Annotated[
        bool | None,
        typer.Option("--refit/--no-refit", help="Then train on all but the test texts. [off]"),
    ] = None,
    embedding: Annotated[
        str | None, typer.Option(help="network: a name or a path, `plaudit embeddings list`. [minilm]")
    ] = None,
    trainable: Annotated[
        bool | None,
        typer.Option("--trainable/--frozen", help="network, encoder, best: train the first layer too. [trainable]"),
    ] = None,
    combiner: Annotated[
        Literal["sqrtn", "mean", "sum"] | None,
        typer.Option(help="network: how token vectors become one. [the embedding's own]"),
    ] = None,
    hidden: Annotated[
        list[int] | None, typer.Option(help="network: units of a hidden layer; repeat for more, 0 for none. [16]")
    ] = None,
    dropout: Annotated[float | None, typer.Option(help="network: share of units dropped in training. [0]")] = None,
    loss: Annotated[
        Literal["cross_entropy", "mean_squared_error"] | None, typer.Option(help="network: [cross_entropy]")
    ] = None,
    n_max: Annotated[int | None, typer.Option(help="ngram: words in the longest n-grams. [chosen]")] = None,
    min_texts: Annotated[
        int | None, typer.Option(help="ngram: texts that have an n-gram. [chosen; distilled: 5]")
    ] = None,
    chars: Annotated[
        bool | None, typer.Option("--chars/--no-chars", help="ngram: read characters within words too. [chosen]")
    ] = None,
    chars_weight: Annotated[
        float | None, typer.Option(help="ngram: how much characters count, words counting 1. [chosen]")
    ] = None,
    weighting: Annotated[
        Literal["bayes", "tfidf"] | None, typer.Option(help="ngram: naive-Bayes weights or TF-IDF. [chosen]")
    ] = None,
    objective: Annotated[
        Literal["logistic", "squared_hinge"] | None, typer.Option(help="ngram: the loss to minimise. [chosen]")
    ] = None,
    regularisation: Annotated[
        float | None,
        typer.Option(
            help="ngram: strength of the L2 penalty, 1/C; given, nothing is chosen. [chosen; distilled: 0.05]"
        ),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="encoder: a name (`plaudit encoders list`), a folder or NAME@REVISION. [minilm]")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(help="encoder: the most tokens read at a time. [128]")] = None,
    long_texts: Annotated[
        Literal["windows", "head_tail"] | None,
        typer.Option(help="encoder: of a longer text, all of it in windows, or its two ends. [windows]"),
    ] = None,
    device: Annotated[str | None, typer.Option(help="encoder: auto, cpu, cuda or ray:N. [auto]")] = None,
    layer_decay: Annotated[
        float | None, typer.Option(help="encoder: the step size's factor from a layer to the one below.")
    ] = None,
    label_smoothing: Annotated[
        float | None, typer.Option(help="encoder: share of the label that is given to all classes alike.")
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="distilled: the folder of the model that teaches, or a file of any teacher's answers."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="network, encoder: passes over the texts, at most. [network: 40; encoder: 1, more for small data]"
        ),
    ] = None,
    soup: Annotated[
        int | None, typer.Option(help="encoder: trainings of so many epochs whose mean weights answer. [1]")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="network, encoder: texts a step. [network: 512, fewer for small data]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="network, encoder: Adam's step size. [network: 0.001; encoder: by its size]")
    ] = None,
    early_stopping: Annotated[
        bool | None, typer.Option(help="network, encoder: stop when val_loss stops falling. [on]")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="network, encoder: epochs to wait for a lower val_loss. [network: 3, encoder: 2]")
    ] = None,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    group_near_duplicates: Annotated[
        bool, typer.Option("--group-near-duplicates", help="Keep nearly equal texts on one side too. [equal ones]")
    ] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Take doubtful rows out of the training texts, and of no others.")
    ] = False,
    clean_file: Annotated[
        str | None, typer.Option(help="Take the rows of a reviewed list out of the training texts, by their text.")
    ] = None,
    unlabelled: Annotated[
        str | None,
        typer.Option(help="distilled: a file or folder of further texts, without labels. [the data's own]"),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="distilled: match a file of answers by this column, in it and in the data. [by text]"),
    ] = None,
    streaming: Annotated[
        bool | None,
        typer.Option(
            "--streaming/--in-memory",
            help="network, ngram: data larger than memory, kept on disk. [in memory]",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    tensorboard: Annotated[Path | None, typer.Option(help="Write TensorBoard logs into this folder.")] = None,
    *,
    spec: DataSpec,
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
            **said(spec), "source": data, "test": test, "validation": validation, "group_by": group_by,
            "unlabelled": unlabelled, "id_column": id_column, "streaming": streaming,
            "keep_together": "near" if group_near_duplicates else None, "clean": clean or None,
            "clean_file": clean_file,
        },
        model={
            "recipe": recipe, "embedding": embedding, "trainable": trainable, "combiner": combiner,
            "hidden": hidden_units, "dropout": dropout, "loss": loss, "class_weight": class_weight, "n_max": n_max,
            "min_texts": min_texts, "chars": chars, "chars_weight": chars_weight, "weighting": weighting,
            "objective": objective, "regularisation": regularisation, "encoder": encoder, "max_tokens": max_tokens,
            "long_texts": long_texts, "device": device, "layer_decay": layer_decay,
            "label_smoothing": label_smoothing, "teacher": teacher, "further": further_settings(settings or []),
        },
        training={
            "epochs": epochs, "soup": soup, "batch_size": batch_size, "learning_rate": learning_rate,
            "early_stopping": early_stopping, "patience": patience, "seed": seed, "refit": refit,
        },
    )  # fmt: skip
