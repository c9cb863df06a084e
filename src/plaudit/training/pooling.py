"""From token vectors to one of the text, as the encoder's makers trained it to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plaudit.embeddings.sentence_folder import Pooling


def pool(hidden: Any, mask: Any, pooling: Pooling) -> Any:
    """Return a vector for each of B sequences, a tensor [B, D].

    Args:
        hidden: A float32 tensor [B, L, D].
        mask: A tensor [B, L], 1 where a token is, at least one in each row, and 0 where padding follows.
        pooling: "mean"; "cls", the first token's; "max", the greatest of each number; "last", the last token's.
    """
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "last":
        last = (mask.sum(dim=1) - 1).view(-1, 1, 1).expand(-1, 1, hidden.shape[2])
        return hidden.gather(1, last).squeeze(1)
    if pooling == "max":
        return hidden.masked_fill(mask.unsqueeze(2) == 0, -float("inf")).amax(dim=1)
    weight = mask.unsqueeze(2).float()
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1)
