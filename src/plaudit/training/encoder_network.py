"""An encoder in training: what `loop` drives, batch by batch.

Texts of like length share a batch, so that little of it is padding: pools of fifty batches are drawn at random, sorted
by length and cut, and the batches shuffled. On the CPU a batch runs in portions of 2,048 tokens (4,096 in bfloat16)
whose gradients add up, which fit into the caches, and without dropout, whose random numbers cost more there than its
arithmetic.

Of a text that is longer than a sequence each epoch trains on another part, which is to answer with the text's target:
the same tokens in each of two epochs taught the encoder less. Several trainings may follow one another, whose mean is
kept (`soup`); to the loop they are more epochs.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.text.sequences import portions
from plaudit.training.encoder_optimiser import make_adamw, rate_factor
from plaudit.training.soft_targets import are_right, cross_entropy, smoothed
from plaudit.training.soup import Soup
from plaudit.training.team import Team

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.text.sequences import Sequences
    from plaudit.training.encoder_model import EncoderModel
    from plaudit.training.torch_device import Placement

_POOL_BATCHES = 50
_PORTION = {"float32": 2_048, "bfloat16": 4_096}  # tokens at a time on the CPU
_PORTION_ELSEWHERE = 16_384
_MOST_GRADIENT = 1.0  # to which a greater gradient is clipped
_DROPOUT = 5  # what a random generator is for, mixed into its seed


@dataclass(frozen=True)
class EncoderExamples:
    """Texts cut into sequences, with what training knows of them.

    Attributes:
        turns: N texts' sequences in the first epoch and in those after it, one a text; after the last they begin again.
        targets: float32 [N, K], probabilities (`soft_targets`).
        weights: float64 [N], each text's share in the loss, or with several labels [N, K]; None for all 1.
    """

    turns: tuple[Sequences, ...]
    targets: NDArray[np.float32]
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.targets)


def fingerprint(settings: str, model: EncoderModel, train: EncoderExamples, validation: EncoderExamples | None) -> str:
    """Hash everything that decides the trained weights: settings, first weights, texts, targets."""
    digest = hashlib.blake2b(settings.encode(), digest_size=16)
    for tensor in model.tensors().values():
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    for examples in (train,) if validation is None else (train, validation):
        parts = [a for sequences in examples.turns for a in (sequences.first, sequences.offsets, sequences.values)]
        for array in (*parts, examples.targets):
            digest.update(np.ascontiguousarray(array).data)
        digest.update(b"-" if examples.weights is None else np.ascontiguousarray(examples.weights).data)
    return digest.hexdigest()


class EncoderNetwork:
    """An encoder being trained; implements `loop.Trainable`."""

    def __init__(
        self,
        model: EncoderModel,
        train: EncoderExamples,
        validation: EncoderExamples | None,
        *,
        placement: Placement,
        learning_rate: float,
        layer_decay: float,
        label_smoothing: float,
        multi_label: bool,
        n_steps: int,
        epochs: int,
        seed: int,
        soup: int = 1,
    ) -> None:
        """Store what is trained on; `n_steps` and `epochs` are of one training, of which a `soup` has several."""
        self._model, self._train, self._validation = model, train, validation
        self._placement, self._multi_label = placement, multi_label
        self._n_steps, self._epochs, self._seed, self._step = n_steps, epochs, seed, 0
        self._team = Team.of_this_process()
        self._targets = smoothed(train.targets, label_smoothing, multi_label=multi_label)
        model.to(placement)
        self._soup = Soup(model.tensors()) if soup > 1 else None
        self._rates = {"learning_rate": learning_rate, "layer_decay": layer_decay}
        self._begin()

    def _begin(self) -> None:
        self._optimiser = make_adamw(self._model.encoder, self._model.head, **self._rates)
        self._parameters = [p for group in self._optimiser.param_groups for p in group["params"]]

    def __len__(self) -> int:
        return len(self._train)

    @property
    def _sequences(self) -> Sequences:
        """What the epoch of the next step reads of the training texts."""
        return self._train.turns[self._step * self._epochs // self._n_steps % len(self._train.turns)]

    def batches(self, order: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
        """Divide an epoch's texts into batches of like length; `order` is all the randomness."""
        sequences = self._sequences
        lengths = sequences.lengths()
        batches = []
        for start in range(0, len(order), batch_size * _POOL_BATCHES):
            pool = order[start : start + batch_size * _POOL_BATCHES]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches += [pool[at : at + batch_size] for at in range(0, len(pool), batch_size)]
        return [batches[at] for at in np.random.default_rng(order).permutation(len(batches))]

    def step(self, batch: NDArray[np.int64]) -> tuple[float, int]:
        """Train on the texts at `batch` (int64 [B]); return their summed loss before it, and how many were right."""
        import torch

        if self._soup is not None and self._step == (self._soup.n + 1) * self._n_steps:
            self._soup.add(self._model.tensors())
            self._model.load(self._soup.first)
            self._begin()
        factor = rate_factor(self._step % self._n_steps, self._n_steps)
        for group in self._optimiser.param_groups:
            group["lr"] = group["base_rate"] * factor
        share = self._team.share(batch)
        with self._dropout():
            loss, logits = self.accumulate(share, n=len(batch))
        self._team.add_gradients(self._parameters)
        self._step += 1
        torch.nn.utils.clip_grad_norm_(self._parameters, _MOST_GRADIENT)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        right = are_right(logits, self._train.targets[share], multi_label=self._multi_label)
        loss, n_right = self._team.add(np.array([loss, right.sum()], np.float64), self._placement.device).tolist()
        return loss, int(n_right)

    def accumulate(self, batch: NDArray[np.int64], n: int) -> tuple[float, NDArray[np.float32]]:
        """Add the gradient of these texts' part in the mean loss of `n`.

        Returns:
            Their summed loss, and each text's logits, float32 [B, K].
        """
        import torch

        train, sequences, device = self._train, self._sequences, self._placement.device
        lengths = sequences.lengths()[batch] + len(self._model.tokenizer.frame)
        by_length = np.argsort(lengths, kind="stable")
        logits = np.zeros((len(batch), self._model.n_logits), np.float32)
        portion = _PORTION[self._placement.dtype] if self._placement.is_cpu else _PORTION_ELSEWHERE
        total = 0.0
        for part in portions(lengths[by_length], portion):
            places = by_length[part]
            texts = batch[places]
            outputs = self._model.forward(sequences, texts, self._placement)
            targets = torch.from_numpy(self._targets[texts]).to(device)
            weights = None
            if train.weights is not None:
                weights = torch.from_numpy(train.weights[texts].astype(np.float32)).to(device)
            loss = cross_entropy(outputs, targets, weights, multi_label=self._multi_label).sum()
            (loss / n).backward()
            total += float(loss.detach())
            logits[places] = outputs.detach().cpu().numpy()
        return total, logits

    def evaluate(self) -> tuple[float, float] | None:
        """Return validation loss and accuracy, or None without validation texts; of a soup, as far as it is."""
        import torch

        if self._validation is None:
            return None
        with self._mixed():
            logits = self._model.logits(self._validation.turns[0], self._placement, self._team)
        targets = self._validation.targets
        as_tensors = [torch.from_numpy(array.astype(np.float64)) for array in (logits, targets)]
        losses = cross_entropy(*as_tensors, multi_label=self._multi_label)
        return float(losses.mean()), float(are_right(logits, targets, multi_label=self._multi_label).mean())

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the current weights by name, copied; of a soup, as far as it is."""
        with self._mixed():
            return {name: tensor.cpu().numpy().copy() for name, tensor in self._model.tensors().items()}

    @contextlib.contextmanager
    def _mixed(self) -> Iterator[None]:
        """Put the mean of the finished trainings and of this one, as far as it is, in the model's place."""
        if self._soup is None or self._soup.n == 0:
            yield
            return
        own = {name: tensor.detach().clone() for name, tensor in self._model.tensors().items()}
        self._model.load(self._soup.with_one_more(own))
        try:
            yield
        finally:
            self._model.load(own)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that a continued training needs, not copied."""
        state = {name: tensor.cpu().numpy() for name, tensor in self._model.tensors().items()}
        for i, moments in self._optimiser.state_dict()["state"].items():
            state |= {f"adam.{i}.{name}": np.atleast_1d(tensor.cpu().numpy()) for name, tensor in moments.items()}
        if self._soup is not None and self._soup.mean is not None:
            state |= {f"soup.{name}": tensor.cpu().numpy() for name, tensor in self._soup.mean.items()}
        return {**state, "n_steps": np.array([self._step], np.int64)}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what `state` returned."""
        import torch

        self._step = int(state["n_steps"][0])
        self._model.load(state)
        mean = {name.removeprefix("soup."): array for name, array in state.items() if name.startswith("soup.")}
        if self._soup is not None and mean:
            self._soup.mean = {name: torch.from_numpy(a).to(self._placement.device) for name, a in mean.items()}
            self._soup.n = (self._step - 1) // self._n_steps
        moments: dict[int, dict[str, Any]] = {}
        for name, array in state.items():
            if name.startswith("adam."):
                _, i, moment = name.split(".")
                tensor = torch.from_numpy(array)
                moments.setdefault(int(i), {})[moment] = tensor.reshape(()) if moment == "step" else tensor
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": moments})

    @contextlib.contextmanager
    def _dropout(self) -> Any:
        """Switch on the encoder's own dropout for a step, drawn from (seed, step, rank); not on the CPU."""
        import torch

        if self._placement.is_cpu:
            yield
            return
        device = self._placement.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            draw = [self._seed, _DROPOUT, self._step, *([self._team.rank] if self._team.rank else [])]
            torch.manual_seed(int(np.random.default_rng(draw).integers(2**62)))
            self._model.encoder.train()
            try:
                yield
            finally:
                self._model.encoder.eval()
