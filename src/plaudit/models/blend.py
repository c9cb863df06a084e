"""N-grams and an encoder that learned what the n-grams do not know: the most accurate recipe.

The encoder is trained on top of the n-grams' logits (its loss is that of the sum), so its gradients come from the
texts that the n-grams get wrong or doubt. The n-grams' logits on the training texts must be those of models that have
not seen them: out of fold. The answer is the sum of both logits; there are no weights to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from plaudit.config import ClassWeight, LongTexts
from plaudit.data.dataset import as_text_column
from plaudit.models.artifact import read_manifest, write_manifest
from plaudit.models.base import Classifier
from plaudit.models.encoder import EncoderClassifier
from plaudit.models.examples import text_weights, validation_set
from plaudit.models.ngram import NgramClassifier, as_answers
from plaudit.models.parameters import to_json
from plaudit.models.targets import Labels, Targets, encode_labels

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.training.loop import Monitor

_NGRAMS, _ENCODER = "ngram", "encoder"  # the members' folders
_FOLDS = 4  # what is mixed into the seed to draw the folds


@dataclass(frozen=True)
class BlendSummary:
    """What was built; `str` of it is a line a member.

    Attributes:
        members: The members' summaries.
    """

    members: tuple[object, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.members))


class BlendClassifier(Classifier):
    """The sum of an n-gram model's logits and those of an encoder trained on top of them.

    Attributes:
        ngram_: The n-grams.
        encoder_: The encoder; its own answers are corrections, not answers.
    """

    kind = "blend"
    packages: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(NgramClassifier.packages + EncoderClassifier.packages))
    ngram_: NgramClassifier
    encoder_: EncoderClassifier

    def __init__(
        self,
        *,
        encoder: str | Path = "minilm",
        max_tokens: int = 256,
        long_texts: LongTexts = "head_tail",
        device: str = "auto",
        layer_decay: float = 1.0,
        label_smoothing: float = 0.0,
        epochs: int = 1,
        batch_size: int = 32,
        learning_rate: float = 1e-4,
        early_stopping: bool = True,
        patience: int = 1,
        n_max: int = 4,
        min_texts: int = 2,
        regularisation: float = 0.05,
        folds: int = 5,
        class_weight: ClassWeight | dict[Any, float] = "none",
        seed: int = 0,
    ) -> None:
        """Store the settings; nothing is loaded or checked before `fit`.

        Args:
            encoder: As all down to `patience`, see `EncoderClassifier`.
            max_tokens: The longest sequence.
            long_texts: What is read of longer texts.
            device: Where the encoder runs.
            layer_decay: From each layer's learning rate to that of the one below.
            label_smoothing: Share of each label that is spread over all classes.
            epochs: Passes over the training texts, at most.
            batch_size: Texts a step.
            learning_rate: AdamW's greatest.
            early_stopping: With several epochs, keep the best one by val_loss; needs validation texts.
            patience: Epochs to wait for a lower val_loss.
            n_max: As the two below, see `NgramClassifier`.
            min_texts: Training texts that an n-gram must be in.
            regularisation: Strength of the n-grams' L2 penalty.
            folds: Parts of the training texts, each given logits by n-grams of the others.
            class_weight: "none", "balanced", or a weight for each class.
            seed: Of everything random.
        """
        self.encoder = encoder
        self.max_tokens = max_tokens
        self.long_texts = long_texts
        self.device = device
        self.layer_decay = layer_decay
        self.label_smoothing = label_smoothing
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.early_stopping = early_stopping
        self.patience = patience
        self.n_max = n_max
        self.min_texts = min_texts
        self.regularisation = regularisation
        self.folds = folds
        self.class_weight = class_weight
        self.seed = seed

    def fit(
        self,
        texts: object,
        labels: Labels,
        *,
        sample_weight: object = None,
        validation: tuple[object, Labels] | None = None,
        unlabelled: object = None,
        monitors: Sequence[Monitor] = (),
        checkpoint: Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Train on N texts; the epochs, their curves and checkpoints are the encoder's, `unlabelled` is not used.

        Raises:
            As `NgramClassifier.fit` and `EncoderClassifier.fit` do.
        """
        self._check_params()
        column = as_text_column(texts)
        targets = encode_labels(labels, len(column))
        weights = text_weights(targets, self.class_weight, sample_weight)
        watched = None if validation is None else validation_set(*validation, targets)
        offsets = self._out_of_fold(column, targets, weights)
        self.ngram_ = self._fit_ngrams(column, targets, weights, np.arange(len(column)))
        self.encoder_ = EncoderClassifier(**self._settings_of(EncoderClassifier))._fit_targets(
            column,
            targets.values,
            classes=targets.classes,
            multi_label=targets.multi_label,
            weights=weights,
            offsets=offsets,
            validation=None
            if watched is None
            else (watched.texts, watched.labels, self.ngram_.decision_function(watched.texts)),
            monitors=monitors,
            checkpoint=checkpoint,
            resume=resume,
        )
        self.classes_, self.multi_label_ = targets.classes, targets.multi_label
        self.history_, self.kept_epoch_ = self.encoder_.history_, self.encoder_.kept_epoch_
        self.notes_ = self.encoder_.notes_
        return self

    def _out_of_fold(
        self, texts: pa.LargeStringArray, targets: Targets, weights: NDArray[np.float64] | None
    ) -> NDArray[np.float32]:
        """Return each text's logits by n-grams that were learned without it, float32 [N, K]."""
        n = len(texts)
        fold = np.random.default_rng([self.seed, _FOLDS]).permutation(n) % min(self.folds, n)
        logits = np.zeros((n, targets.n_logits), np.float32)
        for number in range(fold.max() + 1):
            held = np.flatnonzero(fold == number)
            model = self._fit_ngrams(texts, targets, weights, np.flatnonzero(fold != number))
            logits[held] = model.decision_function(texts.take(held))
        return logits

    def _fit_ngrams(
        self,
        texts: pa.LargeStringArray,
        targets: Targets,
        weights: NDArray[np.float64] | None,
        rows: NDArray[np.int64],
    ) -> NgramClassifier:
        return NgramClassifier(**self._settings_of(NgramClassifier))._fit_targets(
            texts.take(rows),
            targets.classes,
            as_answers(targets)[rows],
            None if weights is None else weights[rows],
            multi_label=targets.multi_label,
        )

    def _settings_of(self, kind: type[Classifier]) -> dict[str, Any]:
        """Return those of the settings that a member has."""
        settings = self.get_params()
        return {name: settings[name] for name in kind._parameter_names() if name in settings}

    def summary(self) -> BlendSummary:
        """Return what the members are; print it to read it."""
        self._check_fitted()
        return BlendSummary((self.ngram_.summary(), self.encoder_.summary()))

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return where the encoder comes from."""
        return self.encoder_.provenance()

    def write(self, folder: Path) -> None:
        """Write each member as a model of its own, and the manifest over both."""
        self._check_fitted()
        for name, member in ((_NGRAMS, self.ngram_), (_ENCODER, self.encoder_)):
            (folder / name).mkdir()
            member.write(folder / name)
        parameters = {name: value for name, value in self.get_params().items() if name != "device"}
        write_manifest(
            folder,
            kind=self.kind,
            classes=self.classes_,
            parameters=to_json(parameters),
            multi_label=self.multi_label_,
        )

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> BlendClassifier:
        """Build the classifier from a folder whose manifest has been checked."""
        model = cls._from_manifest(folder, manifest, (f"{_NGRAMS}/model.json", f"{_ENCODER}/model.json"))
        model.ngram_ = NgramClassifier.read(folder / _NGRAMS, read_manifest(folder / _NGRAMS))
        model.encoder_ = EncoderClassifier.read(folder / _ENCODER, read_manifest(folder / _ENCODER))
        return model

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = self.ngram_.decision_function(texts) + self.encoder_.decision_function(texts)
        return logits
