"""What `--recipe distilled` needs of a run: the texts without labels, and a teacher that is a file of answers."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from plaudit.app.run.parts import Parts
from plaudit.config import RunConfig
from plaudit.data import Dataset, shared_texts
from plaudit.errors import ConfigError
from plaudit.models import Classifier
from plaudit.models.teacher_answers import AnswersFile, is_answers_file, read_answers


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


def tell_shared(unlabelled: Dataset | None, test: Dataset) -> list[str]:
    """Say how many test texts the teacher has answered, in a line; in none where there are none."""
    count = 0 if unlabelled is None else shared_texts(unlabelled, test).count
    if not count:
        return []
    return [
        f"note: {count:,} test texts are also among the texts without labels (equal except for case and punctuation)."
    ]
