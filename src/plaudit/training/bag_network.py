"""One network in training: embedding bag, dense layers, loss. What `loop` drives, batch by batch.

With a frozen embedding the texts' vectors never change, so they are computed once; with a trainable one only the rows
that some training text uses are trained, which is exact (the others have no gradient, ever) and about a fifth of the
work for the tutorial's table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from plaudit.embeddings.table import Bags
from plaudit.scratch import MEMORY, Scratch
from plaudit.training.adam import step_sizes
from plaudit.training.dense import DenseLayers, DenseTrainer
from plaudit.training.loop import in_order
from plaudit.training.losses import LOSSES, right

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.setting_values import Loss


@dataclass(frozen=True)
class Examples:
    """Texts as bags, with what training knows of them.

    Attributes:
        bags: N texts.
        labels: int [N], class numbers; multi-label: an indicator [N, C].
        weights: float64 [N], each text's share in the loss, or, multi-label, also each class's in it, [N, C]; None for
            all 1.
    """

    bags: Bags
    labels: NDArray[np.integer]
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.labels)


class _Bottom(Protocol):
    """What turns a batch of texts into vectors and takes their gradient."""

    def vectors(self, batch: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def step(self, gradient: NDArray[np.float32]) -> None: ...
    def validation_vectors(self, bags: Bags) -> Iterator[NDArray[np.float32]]: ...
    def whole_table(self, weights: dict[str, NDArray[Any]]) -> NDArray[np.float32]: ...
    def state(self) -> dict[str, NDArray[Any]]: ...
    def load_state(self, state: dict[str, NDArray[Any]]) -> None: ...


class BagNetwork:
    """A network being trained; implements `loop.Trainable`.

    Attributes:
        layers: The dense layers, trained in place.
    """

    def __init__(
        self,
        train: Examples,
        validation: Examples | None,
        *,
        vectors: NDArray[np.float32],
        trainable: bool,
        hidden: tuple[int, ...],
        n_logits: int,
        dropout: float,
        loss: Loss,
        learning_rate: float,
        n_steps: int,
        seed: int,
        scratch: Scratch = MEMORY,
    ) -> None:
        """Begin with random dense layers and the rows of `vectors`; what grows with the texts goes to `scratch`."""
        self._train, self._validation = train, validation
        self._loss, self._seed, self._step = LOSSES[loss], seed, 0
        self._rates = step_sizes(learning_rate, n_steps)
        widths = [vectors.shape[1], *hidden, n_logits]
        self.layers = DenseLayers.initialise(widths, np.random.default_rng([seed, _INITIALISE]))
        self._dense = DenseTrainer(self.layers, dropout=dropout)
        self._bottom: _Bottom
        if trainable:
            self._bottom = _TrainedRows(vectors, train.bags, self._rates, scratch)
        else:
            self._bottom = _FixedVectors(vectors, train.bags, scratch)

    def __len__(self) -> int:
        return len(self._train)

    def batches(self, order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
        """Divide the texts in their random order."""
        return in_order(order, batch_size)

    def step(self, batch: NDArray[np.int64]) -> tuple[float, int]:
        """Train on the texts at `batch` (int64 [B]); return their summed loss before it, and how many were right.

        Multi-label: right are those whose set of labels is predicted whole (subset accuracy).
        """
        self._step += 1
        labels = self._train.labels[batch]
        rng = np.random.default_rng([self._seed, _DROPOUT, self._step])
        logits = self._dense.forward(self._bottom.vectors(batch), rng)
        weights = None if self._train.weights is None else self._train.weights[batch]
        losses, gradient = self._loss(logits, labels, weights)
        by_mean = np.ascontiguousarray(gradient / len(batch), dtype=np.float32)
        self._bottom.step(self._dense.backward(by_mean, rate=self._rates[self._step]))
        return float(losses.sum()), int(right(logits, labels).sum())

    def evaluate(self) -> tuple[float, float] | None:
        """Return validation loss and accuracy, or None without validation texts."""
        if self._validation is None:
            return None
        parts = self._bottom.validation_vectors(self._validation.bags)
        logits = np.concatenate([self.layers.forward(vectors) for vectors in parts])
        losses, _ = self._loss(logits, self._validation.labels)
        return float(losses.mean()), float(right(logits, self._validation.labels).mean())

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the current weights by name, copied; "rows.table" for a trained embedding."""
        state = self._bottom.state()
        table = {"rows.table": state["table"]} if "table" in state else {}
        return {name: array.copy() for name, array in (self.layers.tensors() | table).items()}

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that a continued training needs, not copied."""
        step = {"step": np.array([self._step], np.int64)}
        rows = {f"rows.{name}": array for name, array in self._bottom.state().items()}
        return {**step, **rows, **self._dense.state()}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what `state` returned."""
        self._step = int(state["step"][0])
        self._bottom.load_state({k.removeprefix("rows."): v for k, v in state.items() if k.startswith("rows.")})
        self._dense.load_state(state)

    def vectors_from(self, weights: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the whole table, float32 [R, D], with the trained rows of `weights` put in."""
        return self._bottom.whole_table(weights)


_PART_TEXTS = 16_384  # worked on at a time: their vectors, and what they use of the table
_INITIALISE, _DROPOUT = 1, 2  # what a random generator is for, mixed into its seed


class _FixedVectors:
    """A frozen embedding: every text's vector, once."""

    def __init__(self, vectors: NDArray[np.float32], bags: Bags, scratch: Scratch) -> None:
        self._vectors, self._scratch = vectors, scratch
        self._train = _sums(bags, vectors, scratch)
        self._validation: NDArray[np.float32] | None = None

    def vectors(self, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._train[batch]

    def step(self, gradient: NDArray[np.float32]) -> None:
        pass

    def validation_vectors(self, bags: Bags) -> Iterator[NDArray[np.float32]]:
        if self._validation is None:
            self._validation = _sums(bags, self._vectors, self._scratch)
        for start in range(0, max(len(bags), 1), _PART_TEXTS):
            yield self._validation[start : start + _PART_TEXTS]

    def whole_table(self, weights: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        return self._vectors

    def state(self) -> dict[str, NDArray[Any]]:
        return {}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        pass


class _TrainedRows:
    """A trainable embedding: the rows that the training texts use, under row-wise Adam."""

    def __init__(self, vectors: NDArray[np.float32], bags: Bags, rates: NDArray[np.float32], scratch: Scratch) -> None:
        from plaudit.training.row_adam import RowAdam  # numba: only for training

        is_used = np.zeros(len(vectors), bool)
        for part in bags.parts(_PART_TEXTS):
            is_used[part.rows] = True
        self.trained_rows = np.flatnonzero(is_used)
        self._place = np.cumsum(is_used) - 1  # of a row that is used, among those
        self._is_used = is_used
        compact = scratch.array(np.int64)
        for part in bags.parts(_PART_TEXTS):
            compact.append(self._place[part.rows])
        self._bags = Bags(bags.offsets, compact.finish(), bags.weights)
        self._vectors, self._scratch = vectors, scratch
        self._rows = RowAdam(vectors[self.trained_rows], rates)
        self._fixed: tuple[Bags, NDArray[np.float32]] | None = None

    def vectors(self, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        self._rows.begin(self._bags, batch)
        return self._rows.forward(self._bags, batch)

    def step(self, gradient: NDArray[np.float32]) -> None:
        self._rows.apply(gradient)

    def validation_vectors(self, bags: Bags) -> Iterator[NDArray[np.float32]]:
        self._rows.flush()
        if self._fixed is None:
            self._fixed = self._divide(bags)
        trained, constant = self._fixed
        for start in range(0, max(len(trained), 1), _PART_TEXTS):
            texts = np.arange(start, min(start + _PART_TEXTS, len(trained)))
            yield self._rows.forward(trained, texts) + constant[start : start + _PART_TEXTS]

    def _divide(self, bags: Bags) -> tuple[Bags, NDArray[np.float32]]:
        """Divide bags into the part on trained rows and the constant sum over the others, float32 [N, D]."""
        rows, weights = self._scratch.array(np.int64), self._scratch.array(np.float32)
        sizes, constant = [np.zeros(1, np.int64)], self._scratch.array(np.float32, self._vectors.shape[1])
        for part in bags.parts(_PART_TEXTS):
            is_trained = self._is_used[part.rows]
            owners = np.repeat(np.arange(len(part)), np.diff(part.offsets))
            constant.append(_select(owners, part, ~is_trained).sums(self._vectors))
            rows.append(self._place[part.rows[is_trained]])
            weights.append(part.weights[is_trained])
            sizes.append(np.bincount(owners[is_trained], minlength=len(part)))
        trained = Bags(np.cumsum(np.concatenate(sizes)), rows.finish(), weights.finish())
        return trained, constant.finish()

    def whole_table(self, weights: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        whole = self._vectors.copy()
        whole[self.trained_rows] = weights["rows.table"]
        return whole

    def state(self) -> dict[str, NDArray[Any]]:
        self._rows.flush()
        return self._rows.state()

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        self._rows.load_state(state)


def _select(owners: NDArray[np.int64], bags: Bags, chosen: NDArray[np.bool_]) -> Bags:
    """Return the chosen entries of bags, whose texts are `owners`."""
    sizes = np.bincount(owners[chosen], minlength=len(bags))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return Bags(offsets, bags.rows[chosen], bags.weights[chosen])


def _sums(bags: Bags, vectors: NDArray[np.float32], scratch: Scratch) -> NDArray[np.float32]:
    """Return each text's vector, float32 [N, D], made a part of the texts at a time."""
    growing = scratch.array(np.float32, vectors.shape[1])
    for part in bags.parts(_PART_TEXTS):
        growing.append(part.sums(vectors))
    return growing.finish()
