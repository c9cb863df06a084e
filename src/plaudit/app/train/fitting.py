"""The fits of a run: the one that chooses the epoch and is validated, and --refit on all the texts.

Before them what only some recipes need: the network its embedding, loaded and told; `distilled` the texts without
labels, and a teacher that may be a file of answers.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from plaudit.app.run.calibrating import Calibrated, calibrate
from plaudit.app.run.parts import Parts
from plaudit.config import RunConfig
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable, available_embeddings, load_embedding
from plaudit.errors import ConfigError, PlauditError
from plaudit.models import Classifier, NetworkClassifier
from plaudit.models.ngram_settings import NgramSettings
from plaudit.models.recipes import build
from plaudit.models.summary import NetworkSummary
from plaudit.models.teacher_answers import AnswersFile, is_answers_file, read_answers
from plaudit.progress import doing
from plaudit.text.chunks import chunks
from plaudit.text.token_memory import keep_joined
from plaudit.training import History, Monitor, describe, refit_epochs, training_of
from plaudit.training.losses import cross_entropy
from plaudit.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

Say = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """What the run that chose the epoch left, whatever a refit makes of its model.

    Attributes:
        history: Its curves; None for a recipe without epochs.
        kept_epoch: The epoch (from 1) whose weights were kept.
        params: Its settings, decided.
        story: What the curves say, in words; empty without epochs.
        calibrated: Its temperature, and the validation figures with it.
    """

    history: History | None
    kept_epoch: int | None
    params: dict[str, Any]
    story: str
    calibrated: Calibrated

    def epochs(self) -> dict[str, int]:
        """Return the number of epochs and the best one, by name; nothing where there are none."""
        return {} if self.history is None else {"epochs": len(self.history), "best_epoch": self.history.best_epoch}


def fit(
    model: Classifier,
    parts: Parts,
    unlabelled: Dataset | None,
    checkpoint: Path | None,
    say: Say,
    monitors: Sequence[Monitor],
    *,
    resume: bool,
    name: str = "",
) -> Fitted:
    """Train on the training texts, watching the validation texts, and calibrate on those; `name` is one of several."""
    with doing(f"Training {name or 'the model'} on {counted(len(parts.train), 'text')}"):
        model.fit(
            parts.train.texts,
            parts.train.label_column(),
            validation=(parts.validation.texts, parts.validation.label_column()),
            unlabelled=None if unlabelled is None else unlabelled.texts,
            monitors=monitors,
            checkpoint=checkpoint,
            resume=resume,
        )
    params, history, story = model.decided_params(), model.history_, ""
    if history is not None:
        epochs, soup = params.get("epochs") or len(history), params.get("soup", 1)
        story = describe(history, epochs=epochs, soup=soup, stopped=bool(params.get("early_stopping")))
        say(story)
    with doing("Calibrating"):
        calibrated = calibrate(model, parts.validation)
    say(calibrated.sentence(name))
    return Fitted(history, model.kept_epoch_, params, story, calibrated)


def fit_better(
    run: RunConfig, fitted: Fitted, parts: Parts, say: Say, *, than: str
) -> tuple[Classifier, Fitted] | None:
    """Train another recipe beside a fitted one; None where the fitted one is clearly better.

    Clearly: its validation log loss is lower by more than the standard error of the difference. What is trained beside
    n-grams has them inside, and adds what an encoder knows of other texts; on ten validation texts chance would decide
    (docs/log.md). A recipe that cannot be trained here is said, and no fault of the run.
    """
    model = build(run)
    # N-grams inside it would choose the same settings from the same texts once more.
    known = {field.name for field in fields(NgramSettings)} & set(model.get_params()) & set(fitted.params)
    model.set_params(**{each: fitted.params[each] for each in sorted(known)})
    name = run.model.recipe + (" --frozen" if run.model.trainable is False else "")
    try:
        found = fit(model, parts, None, None, say, (), resume=False, name=name)
    except PlauditError as fault:
        say(f"note: {name} was not trained: {fault}")
        return None
    worse = _losses(found) - _losses(fitted)
    error = float(worse.std(ddof=1) / np.sqrt(len(worse))) if len(worse) > 1 else 0.0
    is_kept = float(worse.mean()) <= error
    losses = f"{found.calibrated.loss:.4f} with {name}, {fitted.calibrated.loss:.4f} with {than}"
    doubt = f", which is within a standard error ({error:.4f})" if is_kept and worse.mean() > 0 else ""
    say(f"Recipe: validation log loss {losses}{doubt}: {name if is_kept else than} is kept.")
    return (model, found) if is_kept else None


def _losses(fitted: Fitted) -> NDArray[np.float64]:
    """Return the log loss of each of N validation texts, float64 [N]."""
    return cross_entropy(fitted.calibrated.logits, fitted.calibrated.validation.labels)[0]


def refit(
    fitted: Fitted,
    model: Classifier,
    parts: Parts,
    test: Dataset | None,
    unlabelled: Dataset | None,
    say: Say,
    monitors: Sequence[Monitor],
) -> Fitted:
    """Train again on training and validation texts, and on test texts that have been measured where they are given.

    The same settings, and about as many epochs as were best. No texts are left to choose a
    temperature on, so it is the one of the model that was validated.
    """
    growing = model.scratch.texts()
    learned = (parts.train, parts.validation, *(() if test is None else (test,)))
    for part in learned:
        for some in chunks(part.texts):
            growing.append(some)
    texts = growing.finish()
    if model.scratch.folder is None:
        keep_joined(texts, tuple(part.texts for part in learned))
    numbers = np.concatenate([part.labels for part in learned if part.labels is not None])  # of the same classes
    labels = Dataset(texts, numbers, parts.train.classes, parts.train.name).label_column()
    which = "training and validation texts" if test is None else "texts, those of the test too"
    again, option = f"on all {len(texts):,} {which}", "--refit" if test is None else "--final"
    story = f"Then trained again {again if test is not None else 'on all ' + counted(len(texts), 'text')}"
    model.set_params(**fitted.params)
    if fitted.history is not None:
        best, asked = fitted.history.best_epoch, fitted.params["epochs"]
        epochs = refit_epochs(min(best, asked), n_before=len(parts.train), n_after=len(texts))
        model.set_params(epochs=epochs, early_stopping=False)
        long = counted(epochs, "epoch")
        if "soup" in fitted.params:
            soup = training_of(best, asked)
            model.set_params(soup=soup)
            long = f"{soup} trainings of {long}" if soup > 1 else long
        again, story = f"{long} {again}", f"{story} for {long}"
    say(f"{'Refit' if test is None else 'Final'}: {again}.")
    scope = model.scope_
    with doing(f"Training on {counted(len(texts), 'text')}"):
        model.fit(texts, labels, unlabelled=None if unlabelled is None else unlabelled.texts, monitors=monitors)
    model.temperature_, model.class_scaling_ = fitted.calibrated.temperature, fitted.calibrated.by_class
    model.scope_ = scope  # of the training part, whose limit the validation texts set
    kept = ""
    if fitted.calibrated.is_scaled:
        what = f"temperature, {model.temperature_:.4f}," if model.class_scaling_ is None else "scaling of each class"
        kept = f"The {what} comes from the validated model."
        say(kept)
    return replace(fitted, story=f"{fitted.story} {story} ({option}). {kept}".strip())


def load_first_layer(
    model: NetworkClassifier, parts: Parts, say: Callable[[str], None], *, progress: bool
) -> dict[str, str]:
    """Put the embedding that `model` names in the place of the name; say what it knows, and the layers.

    Returns:
        What the run's bits depend on: the hash of its vectors.

    Raises:
        EmbeddingError: The embedding is unknown or unreadable.
    """
    started, name = time.perf_counter(), model.embedding
    if isinstance(name, EmbeddingTable):
        table = name
    else:
        status = {info.name: info.status for info in available_embeddings(plugins=False)}.get(str(name), "ready")
        if status.startswith("can be "):  # said before it begins, because it takes its time
            say(f"Embedding: {name} is being {status.removeprefix('can be ')}, once; give it a minute.")
        table = load_embedding(name, training_texts=parts.train.texts, seed=model.seed, progress=progress)
    if model.combiner is not None:
        table = replace(table, combiner=model.combiner)
    coverage = table.coverage(parts.validation.texts, n_missing=3)
    missing = ", ".join(repr(token) for token, _ in coverage.missing)
    say(
        f"Embedding: {table.name}, {len(table.vectors):,} x {table.dimension}, knows {100 * coverage.tokens:.1f} % "
        f"of the validation texts' {table.units}{f' (not: {missing}, …)' if missing else ''}, "
        f"{time.perf_counter() - started:.1f} s"
    )
    model.set_params(embedding=table)
    say(
        str(
            NetworkSummary.of(
                table,
                model.hidden,
                len(parts.train.classes),
                trainable=model.trainable,
                multi_label=parts.train.multi_label,
            )
        )
    )
    return {"embedding_sha256": hash_vectors(table)}


def hash_vectors(table: EmbeddingTable) -> str:
    """Return the SHA-256 of a table's vectors, 64 hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(table.vectors).data).hexdigest()


@dataclass(frozen=True)
class Unlabelled:
    """What a run learns from beside the labels.

    Attributes:
        texts: The texts, None where there are none.
        versions: What the run's bits depend on: the hash of a file of answers.
    """

    texts: Dataset | None
    versions: dict[str, str]


def open_answers(config: RunConfig) -> AnswersFile | None:
    """Read the file of answers that teaches, before any data are loaded; None where a model teaches.

    Raises:
        DataError: The file cannot be read, or has no texts.
        ConfigError: It lacks a column that was named, or ids are named without such a file.
    """
    if config.model.teacher is None or not is_answers_file(config.model.teacher):
        if config.data.id_column is not None:
            raise ConfigError("--id-column goes with --recipe distilled --teacher FILE, a file of answers.")
        return None
    return read_answers(
        config.model.teacher, text_column=next(iter(config.data.text_columns), None), id_column=config.data.id_column
    )


def load_unlabelled(model: Classifier, config: RunConfig, parts: Parts, file: AnswersFile | None) -> Unlabelled:
    """Load the texts that a run learns from without labels, and hand a file of answers to its model.

    Of a file with texts these are the file's own, or those of them that are in `--unlabelled`; of a file with ids those
    of the training texts and of the further ones whose ids it has.

    Raises:
        DataError: They cannot be read, or no answer is to one of them.
    """
    if not model.uses_unlabelled:
        return Unlabelled(None, {})
    if file is None:
        return Unlabelled(parts.open_unlabelled(), {})
    if file.id_name is None:
        answers = file.answers()
        if config.data.unlabelled is not None and (further := parts.open_unlabelled()) is not None:
            answers = answers.of(further.texts)
    else:
        sources = [part for part in (parts.train, parts.open_unlabelled()) if part is not None]
        named = [part for part in sources if file.id_name in part.extra.column_names]
        if not named:
            raise ConfigError(
                f"--id-column {file.id_name}: {parts.train.name} has no such column; it has "
                f"{', '.join(parts.train.extra.column_names) or 'texts and labels alone'}."
            )
        ids = [part.extra[file.id_name].cast(pa.large_string()) for part in named]
        texts = pa.concat_arrays([part.texts for part in named])
        answers = file.answers_by_id(pa.chunked_array([chunk for column in ids for chunk in column.chunks]), texts)
    model.set_params(teacher=answers)
    return Unlabelled(Dataset(answers.texts, None, (), name=str(file.table.path)), {"teacher_sha256": file.sha256})
