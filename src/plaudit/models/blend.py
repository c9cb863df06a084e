"""N-grams and an encoder, each trained alone, their logits added: the most accurate recipe.

They err on different texts: n-grams see every phrase and no order beyond it, the encoder sees order and what words
mean, in the part of a text that it reads. The answer is the weighted sum of both logits, and the weights are those
with the lowest log loss on texts that neither member has seen (stacking, Wolpert 1992): the validation texts, or a part
of the training texts held out.

The decision to question: the encoder does not learn on top of the n-grams' logits. That was tried, and it then
learned next to nothing, for too few texts were left to learn from (docs/log.md, 2026-11-22).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from plaudit.data.grouping import keep_together
from plaudit.errors import ModelError
from plaudit.models.artifact import read_manifest
from plaudit.models.base import Classifier
from plaudit.models.blend_weights import choose_weights
from plaudit.models.encoder import EncoderClassifier
from plaudit.models.ngram import NgramClassifier
from plaudit.models.ngram_fitting import as_answers
from plaudit.models.training_data import Course, TrainingData
from plaudit.settings import BlendArguments
from plaudit.training.frozen_head import fit_head

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_FOLDS = 5
_FOLD_DRAW = 6  # what a random generator is for, mixed into its seed
_NGRAMS, _ENCODER = "ngram", "encoder"  # the members' folders


@dataclass(frozen=True)
class BlendSummary:
    """What was built; `str` of it is a line each.

    Attributes:
        parts: The members' summaries, and how they are added.
    """

    parts: tuple[object, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.parts))


class BlendClassifier(BlendArguments, Classifier):
    """The weighted sum of an n-gram model's logits and an encoder's.

    With ``trainable=False`` the encoder is frozen and both members take seconds: the recipe for few labels.

    Attributes:
        ngram_: The n-grams.
        encoder_: The encoder.
        blend_weights_: What the logits of the n-grams and of the encoder are multiplied by.
    """

    kind = "blend"
    packages: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(NgramClassifier.packages + EncoderClassifier.packages))
    resumes: ClassVar[bool] = True
    ngram_: NgramClassifier
    encoder_: EncoderClassifier
    blend_weights_: tuple[float, float]

    def _holds_out(self, data: TrainingData) -> bool:
        return self.blend_weights is None and self.trainable

    def _fit(self, data: TrainingData, course: Course) -> None:
        """Train both members on all of `data`; the epochs, their curves and checkpoints are the encoder's."""
        watched = course.watched(data)
        ngram = self._new_ngrams()._fit_whole(data, Course())
        encoder = EncoderClassifier(**self._settings_of(EncoderClassifier))._fit_whole(data, course.watching(watched))
        self.ngram_, self.encoder_ = ngram, encoder
        self.history_, self.kept_epoch_, self.notes_ = encoder.history_, encoder.kept_epoch_, encoder.notes_
        if self.blend_weights is not None:
            self.blend_weights_ = self.blend_weights
        elif self.trainable:
            assert watched is not None  # held out, or given
            self.blend_weights_ = choose_weights(self._member_logits(watched.texts), watched.codes)
        else:
            assert encoder.training_vectors_ is not None  # the encoder is frozen
            assert encoder.head_cost_ is not None
            logits = self._out_of_fold(data, encoder.training_vectors_, encoder.head_cost_)
            encoder.training_vectors_ = None
            self.blend_weights_ = choose_weights(logits, data.codes)

    def _out_of_fold(self, data: TrainingData, vectors: NDArray[np.float32], cost: float) -> NDArray[np.float32]:
        """Return the logits of n-grams and of linear layers that were fitted without the text, float32 [2, N, K].

        With a few hundred labels every text is needed to learn from, and a tenth of them would choose at random.
        """
        fold = np.random.default_rng([self.seed, _FOLD_DRAW]).permutation(len(data)) % min(_FOLDS, len(data))
        together = keep_together(fold, data.text_numbers())
        fold = fold if (together == together[0]).all() else together
        answers = as_answers(data.targets)
        logits = np.zeros((2, *answers.shape), np.float32)
        for number in range(fold.max() + 1):
            held, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
            part = data.take(rest)
            ngram = self._new_ngrams().set_params(**asdict(self.ngram_.settings_))._fit_whole(part, Course())
            logits[0, held] = ngram.logits(data.texts.take(held))
            kernel, bias = fit_head(vectors[rest], answers[rest], part.weights, cost=cost)
            logits[1, held] = vectors[held] @ kernel.T + bias
        return logits

    def _new_ngrams(self) -> NgramClassifier:
        return NgramClassifier(**self._settings_of(NgramClassifier))

    def decided_params(self) -> dict[str, Any]:
        """Return the constructor's arguments with the weights that the last `fit` chose."""
        return {
            **self.get_params(),
            **asdict(self.ngram_.settings_),
            "epochs": self.encoder_.epochs_,
            "learning_rate": self.encoder_.learning_rate_,
            "blend_weights": self.blend_weights_,
        }

    def _settings_of(self, kind: type[Classifier]) -> dict[str, Any]:
        """Return those of the settings that a member has."""
        settings = self.get_params()
        return {name: settings[name] for name in kind._parameter_names() if name in settings}

    def summary(self) -> BlendSummary:
        """Return what the members are; print it to read it."""
        self._check_fitted()
        ngrams, encoder = self.blend_weights_
        added = f"logits: {ngrams:.3f} x the n-grams' + {encoder:.3f} x the encoder's"
        return BlendSummary((self.ngram_.summary(), self.encoder_.summary(), added))

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return where the encoder comes from."""
        return self.encoder_.provenance()

    def write(self, folder: Path) -> None:
        """Write each member as a model of its own, and the manifest over both."""
        self._check_fitted()
        for name, member in ((_NGRAMS, self.ngram_), (_ENCODER, self.encoder_)):
            (folder / name).mkdir()
            member.write(folder / name)
        self._write_manifest(folder)

    def _stored_params(self) -> dict[str, Any]:
        settings = {**self.get_params(), "blend_weights": tuple(map(float, self.blend_weights_))}
        return {name: value for name, value in settings.items() if name != "device"}

    @classmethod
    def read(cls, folder: Path, manifest: dict[str, Any]) -> BlendClassifier:
        """Build the classifier from a folder whose manifest has been checked."""
        model = cls._from_manifest(folder, manifest, (f"{_NGRAMS}/model.json", f"{_ENCODER}/model.json"))
        if model.blend_weights is None:
            raise ModelError(f"{folder}: damaged: the weights of the members are missing.")
        model.blend_weights_ = model.blend_weights
        model.ngram_ = NgramClassifier.read(folder / _NGRAMS, read_manifest(folder / _NGRAMS))
        model.encoder_ = EncoderClassifier.read(folder / _ENCODER, read_manifest(folder / _ENCODER))
        return model

    def _logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = np.tensordot(
            np.array(self.blend_weights_, np.float32), self._member_logits(texts), axes=1
        )
        return logits

    def _member_logits(self, texts: pa.LargeStringArray) -> NDArray[np.float32]:
        """Return the logits of the n-grams and of the encoder, float32 [2, N, K]."""
        return np.stack([member.logits(texts) for member in (self.ngram_, self.encoder_)])
