"""The table of layers and parameters that a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plaudit.models.targets import count_logits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plaudit.embeddings.table import EmbeddingTable


@dataclass(frozen=True)
class LayerSummary:
    """A line of the table.

    Attributes:
        name: What the layer is.
        width: Length of its output for one text.
        n_parameters: Its weights.
        is_trained: Whether training moves them.
    """

    name: str
    width: int
    n_parameters: int
    is_trained: bool


@dataclass(frozen=True)
class NetworkSummary:
    """The layers of a network; `str` of it is the table.

    Attributes:
        layers: From the texts to the logits.
    """

    layers: tuple[LayerSummary, ...]

    @classmethod
    def of(
        cls, table: EmbeddingTable, hidden: Sequence[int], n_classes: int, *, trainable: bool, multi_label: bool = False
    ) -> NetworkSummary:
        """Describe the network over `table` with these hidden layers and classes, trained or not yet."""
        name = f"embedding ({table.name}, {table.combiner})"
        layers = [LayerSummary(name, table.dimension, table.vectors.size, trainable)]
        widths = [table.dimension, *hidden, count_logits(n_classes, multi_label=multi_label)]
        for i in range(1, len(widths)):
            name = "logits" if i == len(widths) - 1 else "dense (relu)"
            layers.append(LayerSummary(name, widths[i], (widths[i - 1] + 1) * widths[i], is_trained=True))
        return cls(tuple(layers))

    @property
    def n_parameters(self) -> int:
        """All weights."""
        return sum(layer.n_parameters for layer in self.layers)

    @property
    def n_trained(self) -> int:
        """The weights that training moves."""
        return sum(layer.n_parameters for layer in self.layers if layer.is_trained)

    def __str__(self) -> str:
        width = max(len(layer.name) for layer in self.layers)
        lines = [f"{'layer':<{width}}  {'output':>8}  {'parameters':>12}"]
        lines += [
            f"{layer.name:<{width}}  {layer.width:>8,}  {layer.n_parameters:>12,}"
            + ("" if layer.is_trained else "  (frozen)")
            for layer in self.layers
        ]
        lines.append(f"{'total':<{width}}  {'':>8}  {self.n_parameters:>12,}  ({self.n_trained:,} trained)")
        return "\n".join(lines)


@dataclass(frozen=True)
class EncoderSummary:
    """An encoder with its linear layer; `str` of it is a line.

    Attributes:
        name: The encoder it was made from.
        n_parameters: All weights.
        is_trained: Whether training moves them all, or the linear layer's alone.
        max_tokens: The longest sequence, special tokens included.
        long_texts: What becomes of a longer text.
        device: Where it computes.
        dtype: In what numbers.
    """

    name: str
    n_parameters: int
    is_trained: bool
    max_tokens: int
    long_texts: str
    device: str
    dtype: str

    def __str__(self) -> str:
        return (
            f"encoder ({self.name}), {self.n_parameters:,} parameters "
            f"({'all trained' if self.is_trained else 'frozen except for the linear layer'}), "
            f"{self.max_tokens} tokens at once ({self.long_texts}), {self.device}, {self.dtype}"
        )
