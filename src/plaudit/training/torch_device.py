"""Where torch computes, in which numbers, and how it gets its memory."""

from __future__ import annotations

import contextlib
import ctypes
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plaudit.errors import ConfigError

# glibc's names for mallopt's parameters, malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_ROOMY = {_M_MMAP_THRESHOLD: 1 << 30, _M_TRIM_THRESHOLD: (1 << 31) - 1}
# Where glibc's own adapting of the two ends (DEFAULT_MMAP_THRESHOLD_MAX, and twice it).
_ADAPTED = {_M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: 64 << 20}


@dataclass(frozen=True)
class Placement:
    """Where and in which numbers an encoder computes.

    Attributes:
        device: The torch.device.
        dtype: "float32", or "bfloat16": matrix products in it, weights and sums in float32.
    """

    device: Any  # torch.device, which must not be imported to build a classifier
    dtype: str

    @property
    def is_cpu(self) -> bool:
        """Whether it is the CPU."""
        return bool(self.device.type == "cpu")

    @property
    def n_threads(self) -> int | None:
        """The threads that torch computes with on the CPU; None elsewhere."""
        import torch

        return int(torch.get_num_threads()) if self.is_cpu else None

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context in which the encoder runs."""
        import torch

        if self.dtype == "float32":
            return contextlib.nullcontext()
        context: contextlib.AbstractContextManager[Any] = torch.autocast(self.device.type, dtype=torch.bfloat16)
        return context


def count_workers(device: str) -> int | None:
    """Return the number of workers of a device like "ray:2"; None for a device of this machine."""
    kind, _, number = device.partition(":")
    return int(number) if kind == "ray" else None


def place(device: str) -> Placement:
    """Choose the device, and bfloat16 where the processor multiplies it in hardware.

    A CPU that only emulates bfloat16 is several times slower in it than in float32, although torch offers it there.

    Args:
        device: "auto" (CUDA when there is one, else the CPU), or what torch calls it: "cpu", "cuda", "cuda:1", "mps".
            "ray:2" is where a model is trained; what is left to compute here takes "auto".

    Raises:
        ConfigError: There is no such device.
    """
    import torch

    if device == "auto" or count_workers(device):
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise ConfigError(
            f"--device {device}: there is no such device here; expected auto, cpu, cuda or ray:N."
        ) from error
    if chosen.type == "cuda":
        return Placement(chosen, "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32")
    if chosen.type != "cpu":
        return Placement(chosen, "float32")
    has = torch.cpu.get_capabilities()
    return Placement(chosen, "bfloat16" if has.get("avx512_bf16") or has.get("amx_bf16") else "float32")


@contextlib.contextmanager
def roomy_heap() -> Iterator[None]:
    """Let glibc keep large blocks in the heap meanwhile, instead of mapping and unmapping each; elsewhere do nothing.

    A training step on the CPU asks for the same large blocks again and again. glibc takes those above a threshold
    fresh from the system, whose pages then fault one by one as they are first written: a quarter of the time of a
    step (docs/encoder.md). After it the thresholds are those at which glibc's own adapting ends.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        yield
        return
    mallopt = ctypes.CDLL(None).mallopt
    for parameter, value in _ROOMY.items():
        mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in _ADAPTED.items():
            mallopt(parameter, value)
