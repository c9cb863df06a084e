"""Which of its attentions an encoder runs: the plain one where torch's fused kernel is the slower of the two."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plaudit.training.torch_device import Placement

_LONGEST = 512  # tokens that are compared in pairs, all at once; longer sequences would take gigabytes


@contextlib.contextmanager
def attention(encoder: Any, placement: Placement, n_tokens: int) -> Iterator[None]:
    """Let a transformers encoder read sequences of `n_tokens` with its faster attention meanwhile.

    In bfloat16 on a CPU the gradient of torch's fused attention takes a quarter of a training step, that of the plain
    one, two matrix products and a softmax, a tenth (docs/encoder.md). In float32 they take the same time.
    """
    usual = getattr(encoder.config, "_attn_implementation", None)
    if usual != "sdpa" or not placement.is_cpu or placement.dtype == "float32" or n_tokens > _LONGEST:
        yield
        return
    encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        encoder.set_attn_implementation(usual)
