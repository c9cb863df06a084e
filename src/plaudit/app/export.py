"""`plaudit export`: hand a model to another program, and say what that changed."""

from __future__ import annotations

import importlib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import Model, reads_data
from plaudit.app.terminal import make_console
from plaudit.config import DataSpec
from plaudit.errors import ConfigError, DataError, PlauditError, require
from plaudit.wording import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from plaudit.data import Dataset
    from plaudit.interop.export import Export, Prepared, Target
    from plaudit.models import Classifier, NetworkClassifier, NgramClassifier


_MODEL_FILES = {"savedmodel": "saved_model.pb", "keras": "model.keras", "onnx": "model.onnx"}


@errors_as_lines
@reads_data
def export(
    model: Model,
    to: Annotated[Literal["savedmodel", "keras", "onnx", "huggingface"], typer.Option(help="The format.")],
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
    """Export a model, checked on real texts, and print sizes, the largest difference and what it costs."""
    from plaudit.interop.export import check_place, export_model, prepare
    from plaudit.models import NetworkClassifier, NgramClassifier, load

    if keep is not None and not prune:
        raise ConfigError("export: --keep goes with --prune.")
    check_place(output)
    classifier = load(model)
    if to == "huggingface":
        if dtype != "float32" or prune:
            raise ConfigError("export: --dtype and --prune are for networks' embeddings, not for --to huggingface.")
        _export_encoder(model, classifier, output, _check_texts(check, spec))
        return
    if to == "onnx" and isinstance(classifier, NgramClassifier):
        if dtype != "float32" or prune:
            raise ConfigError("export: --dtype and --prune are for networks' embeddings, not for n-grams.")
        _export_ngrams(classifier, output, model, _check_texts(check, spec))
        return
    if not isinstance(classifier, NetworkClassifier):
        also = " and n-grams" if to == "onnx" else ""
        raise ConfigError(
            f"{model}: only networks{also} can be exported to {to}, and this is a model of the kind "
            f"{classifier.kind!r}.{_remedy(model, classifier)}"
        )
    texts = _check_texts(check, spec)
    kept = _kept(classifier, keep, spec) if prune else None
    prepared = prepare(classifier, precision=dtype, kept=kept)
    _import_quietly(to)
    written = export_model(prepared, to, output, texts.texts)
    before = _size(model)
    console = make_console()
    for line in _report(to, written, before, texts):
        console.print(line, markup=False)
    _say_rule(console, classifier)
    if prepared.rule is not None:
        classifier.set_rule(None)  # so that the two below are compared alike
    if prune or dtype != "float32":
        console.print(_cost(classifier, prepared, texts), markup=False)


def _remedy(model: Path, classifier: Classifier) -> str:
    """Say which format takes a model that is no network, or which part of it."""
    if classifier.kind == "blend":
        return f" Its n-grams alone: {model / 'ngram'} --to onnx; its encoder: {model / 'encoder'} --to huggingface."
    return {"ngram": " --to onnx takes it.", "encoder": " --to huggingface takes it."}.get(classifier.kind, "")


def _export_encoder(model: Path, classifier: Classifier, output: Path, texts: Dataset) -> None:
    """Write an encoder for plain transformers, and say how it is opened there."""
    from plaudit.models import BlendClassifier, EncoderClassifier

    if isinstance(classifier, BlendClassifier):
        raise ConfigError(
            f"{model}: transformers can run only the encoder of this blend with n-grams, which is the model"
            f" {model / 'encoder'}: name that."
        )
    if not isinstance(classifier, EncoderClassifier):
        raise ConfigError(
            f"{model}: only encoders can be exported to huggingface, and this is a model of the kind "
            f"{classifier.kind!r}."
        )
    from plaudit.interop.hugging_face import export_encoder

    written = export_encoder(classifier, output, texts.texts)
    console = make_console()
    for line in (
        f"Exported to {written.folder}: model.safetensors, {_mebibytes(written.size_bytes)}",
        "It takes text, of any length: transformers.pipeline("
        f'"text-classification", model="{written.folder}", trust_remote_code=True)',
        _checked(written, texts),
    ):
        console.print(line, markup=False, soft_wrap=True)
    _say_rule(console, classifier)


def _export_ngrams(classifier: NgramClassifier, output: Path, model: Path, texts: Dataset) -> None:
    """Write n-grams for onnxruntime."""
    from plaudit.interop.onnx_ngrams import export_ngrams

    written = export_ngrams(classifier, output, texts.texts)
    console = make_console()
    for line in _report("onnx", written, _size(model), texts):
        console.print(line, markup=False)
    _say_rule(console, classifier)


def _say_rule(console: Console, classifier: Classifier) -> None:
    if classifier.rule_ is not None:
        console.print(
            f"The decision rule is not exported ({classifier.rule_.describe(classifier.class_names)}): the export's "
            "label is the most probable class. Apply the rule, in export.json, to its probabilities.",
            markup=False,
        )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _check_texts(path: Path | None, spec: DataSpec) -> Dataset:
    """Return the texts to check on: a file's, labelled or not, or the built-in sample's."""
    import numpy as np
    import pyarrow as pa

    from plaudit.data import Dataset, load_dataset, read_file

    if path is not None:
        return read_file(path, spec=spec, require_labels=False)
    sample = load_dataset("sample")
    assert sample.test is not None  # the sample has both parts
    parts = (sample.train, sample.test)
    return Dataset(
        texts=pa.concat_arrays([part.texts for part in parts]),
        labels=np.concatenate([part.labels for part in parts if part.labels is not None]),
        classes=sample.train.classes,
        name="the built-in sample",
    )


def _kept(classifier: NetworkClassifier, keep: Path | None, spec: DataSpec) -> NDArray[np.bool_]:
    """Return which tokens --prune keeps: those that `keep`'s texts use, or those whose vectors training moved.

    The folder does not say which rows training moved; the embedding that it was trained from does, if available.
    """
    from plaudit.data import read_file
    from plaudit.embeddings import load_embedding
    from plaudit.interop.compact import moved_tokens, used_tokens

    if keep is not None:
        texts = read_file(keep, spec=spec, require_labels=False)
        return used_tokens(classifier.table_, texts.texts)
    advice = "Name texts whose words to keep: --keep FILE."
    if not classifier.trainable:
        raise ConfigError(f"--prune: the embedding was frozen, so training moved no row of it. {advice}")
    try:
        original = load_embedding(str(classifier.embedding))
        moved = moved_tokens(classifier.table_, original)
    except PlauditError as error:
        raise ConfigError(f"--prune: it is unknown which rows training moved: {error} {advice}") from error
    return moved


def _report(to: Target, written: Export, before: int, texts: Dataset) -> Iterator[str]:
    from plaudit.interop.export import DESCRIPTION, TOKENIZER, TOKENS

    sizes = f"{_mebibytes(written.size_bytes)} (the model: {_mebibytes(before)})"
    yield f"Exported to {written.folder}: {_MODEL_FILES[to]}, {sizes}"
    if written.takes == "text":
        yield "It takes text."
    elif to == "keras":
        yield f"It takes token ids, not text: {written.reason}. Make them with model.layers[0].token_ids(texts)."
    elif (written.folder / TOKENIZER).is_file():
        yield (
            f"It takes token ids, not text: {written.reason}. {TOKENIZER} is beside it: make ids with Hugging Face's "
            "tokenizers, without special tokens."
        )
    else:
        yield (
            f"It takes token ids, not text: {written.reason}. {TOKENS} is beside it: make ids with "
            "plaudit.interop.flat_token_ids(plaudit.interop.read_tokens(PATH), texts)."
        )
        if json.loads((written.folder / DESCRIPTION).read_text(encoding="utf-8")).get("n_grams_of_characters"):
            yield "It takes the words' characters too: plaudit.interop.flat_spellings makes them, from the same."
    yield _checked(written, texts)


def _checked(written: Export, texts: Dataset) -> str:
    return (
        f"Checked on {counted(written.n_texts, 'text')} ({texts.name}, and a few with rare characters): "
        f"the largest difference in a probability is {written.difference:.1e}."
    )


def _cost(classifier: NetworkClassifier, prepared: Prepared, texts: Dataset) -> str:
    """Say what dropping rows and rounding vectors changed, on the texts of the check."""
    import numpy as np

    from plaudit.evaluation import evaluate

    table, smaller = classifier.table_, prepared.model.table_
    rows = f"{len(smaller.vectors):,} of {len(table.vectors):,} rows, {prepared.stored.precision}"
    was, now = classifier.predict_proba(texts.texts), prepared.model.predict_proba(texts.texts)
    same = float((classifier.predict(texts.texts) == prepared.model.predict(texts.texts)).mean())  # of sets: each label
    line = (
        f"Smaller ({rows}): on {texts.name} probabilities change by up to {np.abs(was - now).max():.4f}, "
        f"{100 * same:.2f} % of the labels stay"
    )
    try:
        accuracies = [evaluate(model, texts, resamples=0).accuracy for model in (classifier, prepared.model)]
    except DataError:
        return f"{line}; these texts have no labels of this model's classes, so the cost in accuracy is not known."
    return f"{line}, accuracy {accuracies[0]:.4f} -> {accuracies[1]:.4f} ({counted(len(texts), 'text')})."


def _mebibytes(n: int) -> str:
    return f"{n / 2**20:,.1f} MiB"


def _import_quietly(to: Target) -> None:
    """Import TensorFlow or Keras without the dozen lines that TensorFlow writes to standard error when it is imported.

    Raises:
        MissingExtraError: It is not installed.
    """
    if to == "onnx":
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        if to == "keras":
            importlib.import_module("plaudit.interop.keras")
        else:
            require("tensorflow", extra="tensorflow", purpose="Exporting a SavedModel")
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
