"""Several processes that train one model: each batch is divided between them, and their gradients are added up.

The processes are torch.distributed's, whoever started them. Every process holds the whole model and takes the same
steps, so that all end with the same weights; they are those of one process except for the order of sums. This is data
parallel training as torch's DistributedDataParallel does it (Li et al. 2020, "PyTorch Distributed", VLDB); ours adds up
once a batch, after the portions in which a batch is computed, and each text counts as much as it does on one process
when the shares are not equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Team:
    """This process among those that train together.

    Attributes:
        rank: From 0.
        size: 1 for a process by itself.
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def of_this_process(cls) -> Team:
        """Return the team that torch.distributed has been told of, or one of this process alone."""
        from torch import distributed

        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    def share(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return this process's texts of a batch: every `size`-th, so that all get texts of like length."""
        return batch[self.rank :: self.size]

    def add_gradients(self, parameters: Sequence[Any]) -> None:
        """Replace each gradient by the sum of all processes'; a process without texts adds none."""
        if self.size == 1:
            return
        import torch

        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        flat = torch.cat([p.grad.flatten() for p in parameters])
        torch.distributed.all_reduce(flat)
        for p, grad in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
            p.grad.copy_(grad.view_as(p))

    def add(self, array: NDArray[np.floating], device: Any) -> NDArray[np.floating]:
        """Return the sum of all processes' arrays, which have one shape."""
        if self.size == 1:
            return array
        import torch

        tensor = torch.from_numpy(np.array(array)).to(device)
        torch.distributed.all_reduce(tensor)
        total: NDArray[np.floating] = tensor.cpu().numpy()
        return total


ALONE = Team()
