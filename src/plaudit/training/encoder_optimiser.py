"""AdamW for fine-tuning an encoder: which weight moves how fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

BETAS, EPSILON, WEIGHT_DECAY = (0.9, 0.98), 1e-6, 0.01  # RoBERTa's (Liu et al. 2019, appendix)
WARM_UP = 0.06  # of the steps, likewise
HEAD_FACTOR = 10.0  # the head starts from nothing
_LAYER = re.compile(r"\.(\d+)\.")


def rate_factor(step: int, n_steps: int) -> float:
    """Return what the learning rate is multiplied by at step `step` (from 0): linear up, then linear down to 0."""
    warm = WARM_UP * n_steps
    return max(0.0, min(1.0, (step + 1) / warm, (n_steps - step) / (n_steps - warm)))


def make_adamw(encoder: Any, head: Any, *, learning_rate: float, layer_decay: float) -> Any:
    """Return a fused AdamW over all weights; every group keeps its own rate as ``base_rate``.

    A layer's rate is the one above it times `layer_decay`, the top layer's is `learning_rate`, the embeddings' is that
    of a layer below the first. Biases, normalisations and embeddings do not decay.
    """
    import torch

    tables = {id(p) for m in encoder.modules() if isinstance(m, torch.nn.Embedding) for p in m.parameters()}
    named = [(name, p) for name, p in encoder.named_parameters() if p.requires_grad]
    n_layers = 1 + max((int(found[1]) for name, _ in named if (found := _LAYER.search(name))), default=-1)
    groups: dict[tuple[float, float], list[Any]] = {}

    def add(parameters: Iterable[Any], rate: float) -> None:
        for p in parameters:
            decay = 0.0 if p.ndim < 2 or id(p) in tables else WEIGHT_DECAY
            groups.setdefault((rate, decay), []).append(p)

    for name, p in named:
        depth = n_layers if "embed" in name else 0
        if found := _LAYER.search(name):
            depth = n_layers - 1 - int(found[1])
        add([p], learning_rate * layer_decay**depth)
    add(head.parameters(), learning_rate * HEAD_FACTOR)
    return torch.optim.AdamW(
        [
            {"params": params, "lr": rate, "base_rate": rate, "weight_decay": decay}
            for (rate, decay), params in groups.items()
        ],
        betas=BETAS,
        eps=EPSILON,
        fused=True,
    )
