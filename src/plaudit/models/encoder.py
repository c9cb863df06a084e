"""A transformer encoder, fine-tuned: every weight moves, a linear layer on the mean of its token vectors answers.

Its folder is a Hugging Face folder (configuration, safetensors, tokenizer) with the head beside it. Reading trusts
nothing: the configuration may only describe a model that transformers itself knows, whose weights are by name and shape
those of the file; that is checked on a model without memory before a real one is built.

Needs the extra `encoder` (torch, transformers) to train and to predict. Nothing is downloaded unless HF_HUB_OFFLINE=0.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from plaudit.data.dataset import as_text_column
from plaudit.embeddings.foreign_encoder import read_config
from plaudit.embeddings.hugging_face import (
    CONFIG_FILE,
    EXTRA,
    PURPOSE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    find_encoder,
    quiet,
    read_settings,
    read_tokenizer,
    weight_shapes,
    weights_sha256,
)
from plaudit.embeddings.sentence_folder import MODULES, pooling_files, read_pooling
from plaudit.errors import ConfigError, ModelError, require
from plaudit.models.artifact import opening, read_tensors
from plaudit.models.base import Classifier
from plaudit.models.summary import EncoderSummary
from plaudit.models.targets import count_logits
from plaudit.models.training_data import Course, TrainingData
from plaudit.settings import EncoderArguments
from plaudit.text.subwords import SubwordTokenizer
from plaudit.training.encoder_building import build_config, described_shapes, model_class, prepared
from plaudit.training.encoder_checks import check_fits
from plaudit.training.encoder_model import EncoderModel, check_length, linear, working
from plaudit.training.encoder_network import EncoderExamples
from plaudit.training.fine_tuning import SMALL_RATE, FineTuning, default_epochs, default_learning_rate
from plaudit.training.frozen_head import choose_cost, fit_head
from plaudit.training.ray_workers import fine_tune
from plaudit.training.soft_targets import as_targets
from plaudit.training.torch_device import place
from plaudit.training.vector_memory import remember_vectors

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.text.sequences import Sequences

_ENCODER, _HEAD = "encoder", "weights.safetensors"
_FILES = (f"{_ENCODER}/{CONFIG_FILE}", f"{_ENCODER}/{WEIGHTS_FILE}", f"{_ENCODER}/{TOKENIZER_FILE}", _HEAD)
_MANY_UNKNOWN = 0.1  # share of tokens; English texts have less than a thousandth with MiniLM


class EncoderClassifier(EncoderArguments, Classifier):
    """A fine-tuned transformer encoder; AdamW, cross-entropy, few epochs.

    On the CPU the same seed and number of threads give the same bits; a GPU adds up in an order of its own.

    Attributes:
        classes_: The labels, in the order of the probabilities.
        history_: Loss and accuracy of every epoch; None when loaded.
        kept_epoch_: The epoch (from 1) whose weights these are; None when loaded.
        notes_: How many training texts were too long to be read at once, and what was not read of them.
        model_: Encoder, linear layer and tokenizer.
        learning_rate_: AdamW's greatest; None when frozen without one, or loaded.
        start_sha256_: Of the weights that training started from; None when loaded.
        n_threads_: The threads that torch trained with on the CPU, on which the last bits depend; None when loaded.
        training_vectors_: What a frozen encoder's linear layer was fitted on, float32 [N, D]; else, or loaded, None.
        head_cost_: The C of that layer, chosen by texts that it had not seen; None likewise.
    """

    kind = "encoder"
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "tokenizers", "torch", "transformers")
    resumes: ClassVar[bool] = True
    model_: EncoderModel
    n_threads_: int | None = None
    epochs_: int | None
    learning_rate_: float | None = None
    start_sha256_: str | None = None
    training_vectors_: NDArray[np.float32] | None = None
    head_cost_: float | None = None

    def _holds_out(self, data: TrainingData) -> bool:
        return self.trainable and self.early_stopping and self._epochs_for(data.texts) > 1

    def _fit(self, data: TrainingData, course: Course) -> None:
        watched = course.watched(data)
        folder = find_encoder(self.encoder)
        model = EncoderModel.initialise(folder, data.n_logits, seed=self.seed)
        check_length(model, str(self.encoder), self.max_tokens)
        placement = place(self.device)
        tokens = model.tokenizer.ids(data.texts)
        sequences = model.cut_ids(tokens, self.max_tokens, self.long_texts)
        self.history_ = self.kept_epoch_ = self.epochs_ = self.training_vectors_ = self.head_cost_ = None
        self.learning_rate_, self.start_sha256_ = self.learning_rate, weights_sha256(folder)
        turns: tuple[Sequences, ...] = ()
        if self.trainable:
            epochs = self._epochs_for(data.texts, model.tokenizer)
            turns = model.turns(tokens, self.max_tokens, self.long_texts, epochs * self.soup)
            training, seen = EncoderExamples(turns, _answers(data), data.weights), None
            if watched is not None:
                read = model.cut(watched.texts, self.max_tokens, self.long_texts)
                seen = EncoderExamples((read,), _answers(watched))
            self.learning_rate_ = self.learning_rate or default_learning_rate(model)
            given = {**self.get_params(), "epochs": epochs, "learning_rate": self.learning_rate_}
            work = FineTuning(model, training, seen, given, data.classes.tolist(), data.multi_label)
            result = fine_tune(
                work, placement, monitors=course.monitors, checkpoint=course.checkpoint, resume=course.resume
            )
            self.history_, self.kept_epoch_, self.epochs_ = result.history, result.kept_epoch, epochs
        else:
            vectors = self._remembered_vectors(model, data.texts, sequences, str(folder), str(placement.device))
            yes = _answers(data).astype(np.float64)
            self.head_cost_ = choose_cost(vectors, yes, data.weights, seed=self.seed, alike=data.text_numbers())
            head = linear(*fit_head(vectors, yes, data.weights, cost=self.head_cost_))
            model, self.training_vectors_ = replace(model, head=head), vectors
        self.model_ = model
        self.notes_ = tuple(filter(None, [sequences.note(self.max_tokens, turns), _unknown_note(model, tokens.values)]))
        self.n_threads_ = placement.n_threads

    def _remembered_vectors(
        self, model: EncoderModel, texts: pa.LargeStringArray, sequences: Sequences, folder: str, device: str
    ) -> NDArray[np.float32]:
        """Return the vectors of N texts, float32 [N, D], by a frozen encoder; what it has read before is kept."""

        def vectors(asked: pa.LargeStringArray) -> NDArray[np.float32]:
            read = sequences if asked is texts else model.cut(asked, self.max_tokens, self.long_texts)
            return self._vectors(model, read)

        return remember_vectors(texts, (folder, self.start_sha256_, self.max_tokens, self.long_texts, device), vectors)

    def _epochs_for(self, texts: pa.LargeStringArray, tokenizer: SubwordTokenizer | None = None) -> int:
        if self.epochs is not None:
            return self.epochs
        tokenizer = tokenizer or SubwordTokenizer(read_tokenizer(find_encoder(self.encoder)))
        return default_epochs(texts, tokenizer, self.max_tokens, self.long_texts)

    def vectors(self, texts: object) -> NDArray[np.float32]:
        """Return N texts' vectors, float32 [N, D], which the linear layer reads: see `EncoderModel.vectors`."""
        self._check_fitted()
        return self._vectors(self.model_, self.model_.cut(as_text_column(texts), self.max_tokens, self.long_texts))

    def _vectors(self, model: EncoderModel, sequences: Sequences) -> NDArray[np.float32]:
        placement = place(self.device)
        with working():
            model.to(placement)
            return model.vectors(sequences, placement)

    def decided_params(self) -> dict[str, Any]:
        """Return the constructor's arguments with the epochs and the learning rate that the last `fit` decided."""
        return {**self.get_params(), "epochs": self.epochs_, "learning_rate": self.learning_rate_}

    @classmethod
    def default_params(cls) -> dict[str, Any]:
        """Return the same with the learning rate of the encoder that is taken by default, a small one."""
        return super().default_params() | {"learning_rate": SMALL_RATE}

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return which weights training started from; nothing when loaded."""
        if self.start_sha256_ is None:
            return {}
        return {"encoder": {"source": str(self.encoder), "sha256": self.start_sha256_}}

    def summary(self) -> EncoderSummary:
        """Return what was built; print it to read it."""
        self._check_fitted()
        placement = place(self.device)
        return EncoderSummary(
            name=str(self.encoder),
            n_parameters=self.model_.n_parameters,
            is_trained=self.trainable,
            max_tokens=self.max_tokens,
            long_texts=self.long_texts,
            device=str(placement.device),
            dtype=placement.dtype,
        )

    def write(self, folder: Path) -> None:
        """Write encoder, head and manifest into an existing folder."""
        self._check_fitted()
        _write_encoder(self.model_, folder)
        self._write_manifest(folder)

    def _stored_params(self) -> dict[str, Any]:
        return {name: value for name, value in self.get_params().items() if name != "device"}

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> EncoderClassifier:
        """Build the classifier from a folder whose manifest has been checked; its device is "auto"."""
        model = cls._from_manifest(folder, manifest, _FILES)
        try:
            model.model_ = _read_encoder(folder, count_logits(len(model.classes_), multi_label=model.multi_label_))
            check_length(model.model_, str(model.encoder), model.max_tokens)
        except ConfigError as error:
            raise ModelError(f"{folder}: damaged: {error}") from error
        return model

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        placement = place(self.device)
        with working():
            self.model_.to(placement)
            return self.model_.logits(self.model_.cut(texts, self.max_tokens, self.long_texts), placement)


def _answers(part: TrainingData) -> NDArray[np.float32]:
    return as_targets(part.codes, len(part.classes), multi_label=part.multi_label)


def _unknown_note(model: EncoderModel, tokens: NDArray[np.int32]) -> str | None:
    """Say how many tokens the tokenizer does not know, where they are many: the texts are not those it was made for."""
    unknown = model.tokenizer.unknown_id
    share = 0.0 if unknown is None or not len(tokens) else float((tokens == unknown).mean())
    if share < _MANY_UNKNOWN:
        return None
    return (
        f"{100 * share:.0f} % of the training texts' tokens are unknown to the encoder's tokenizer, which was made for "
        "other texts; an encoder of this language or script reads more of them."
    )


def _write_encoder(model: EncoderModel, folder: Path) -> None:
    """Write ``encoder/`` and ``weights.safetensors`` into an existing folder."""
    from safetensors.numpy import save_file

    place = folder / _ENCODER
    place.mkdir()
    (place / CONFIG_FILE).write_text(_config_of(model.encoder), encoding="utf-8")
    (place / TOKENIZER_FILE).write_text(model.tokenizer.definition, encoding="utf-8")
    further: dict[str, Any] = dict(model.settings)
    if model.pooling != "mean":
        further |= pooling_files(model.pooling, int(model.encoder.config.hidden_size))
    for name, content in further.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    save_file(_arrays(model.encoder), place / WEIGHTS_FILE, metadata={"format": "pt"})
    save_file(_arrays(model.head), folder / _HEAD)


def _read_encoder(folder: Path, n_logits: int) -> EncoderModel:
    """Build the model from what `_write_encoder` wrote, whose files the manifest lists.

    Raises:
        ModelError: A file is damaged, or does not fit the others.
        MissingExtraError: The extra "encoder" is not installed.
    """
    require("torch", extra=EXTRA, purpose=PURPOSE)
    require("transformers", extra=EXTRA, purpose=PURPOSE)
    place = folder / _ENCODER
    with quiet():
        encoder = _build(place)
    with opening(place / TOKENIZER_FILE):
        tokenizer = SubwordTokenizer((place / TOKENIZER_FILE).read_text(encoding="utf-8"))
        check_fits(encoder, tokenizer, str(place))
    width = int(encoder.config.hidden_size)
    head = read_tensors(folder / _HEAD, {"weight": (n_logits, width), "bias": (n_logits,)})
    with opening(place / MODULES):
        pooling, settings = read_pooling(place) or "mean", read_settings(place)
    return EncoderModel(encoder, linear(head["weight"], head["bias"]), tokenizer, pooling, settings)


def _config_of(encoder: Any) -> str:
    """Return the configuration as JSON, with the name of the class that opens it: T5's encoder is no T5."""
    content = json.loads(encoder.config.to_json_string())
    return json.dumps(content | {"architectures": [type(encoder).__name__]}, indent=2, sort_keys=True) + "\n"


def _arrays(module: Any) -> dict[str, NDArray[Any]]:
    return {name: np.ascontiguousarray(t.detach().cpu().numpy()) for name, t in module.state_dict().items()}


def _build(place: Path) -> Any:
    import torch

    path = place / CONFIG_FILE
    with opening(place / WEIGHTS_FILE):
        shapes = weight_shapes(place)
    with opening(path):
        config = build_config(read_config(path))
        expected = described_shapes(config, shapes, str(place))
    if expected != shapes:
        raise ModelError(f"{path}: damaged: it describes other weights than {WEIGHTS_FILE} holds.")
    arrays = read_tensors(place / WEIGHTS_FILE, expected)
    with opening(path), torch.random.fork_rng(devices=[]):
        encoder = prepared(model_class(config).from_config(config, trust_remote_code=False))
        encoder.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return encoder
