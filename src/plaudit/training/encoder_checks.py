"""Is this model an encoder that this program can train: asked of the model itself, with a few made-up tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit.errors import EmbeddingError
from plaudit.training.encoder_building import calling_at_most

if TYPE_CHECKING:
    from plaudit.text.subwords import SubwordTokenizer

_MAY_DIFFER = 1e-2  # of a token's vector, relative to the largest number: how far padding may move it
_LEAST_KNOWN = 0.5  # share of a model's rows that its tokenizer must have ids for; the largest gap known is a tenth


def check_fits(encoder: Any, tokenizer: SubwordTokenizer, where: str) -> None:
    """Refuse a model that is no encoder, or whose vocabulary is smaller than its tokenizer's.

    Raises:
        EmbeddingError: It does not fit.
    """
    import torch

    n_rows = encoder.get_input_embeddings().num_embeddings
    if tokenizer.n_ids > n_rows:
        raise EmbeddingError(
            f"{where}: the tokenizer has ids up to {tokenizer.n_ids - 1:,}, the model {n_rows:,} rows."
        )
    kind = encoder.config.model_type
    if getattr(encoder.config, "is_encoder_decoder", False):
        raise EmbeddingError(f"{where}: {kind} is an encoder with a decoder; expected an encoder.")
    _ = tokenizer.frame
    try:
        with torch.inference_mode(), calling_at_most(where):
            alone = _read(encoder, [[0, 1 % n_rows]], [[1, 1]])
            padded = _read(encoder, [[0, 1 % n_rows, 0, 0]], [[1, 1, 0, 0]])
        fits = alone.shape == (1, 2, encoder.config.hidden_size)
    except EmbeddingError:
        raise
    except Exception as error:  # whatever a model of another kind raises when it is given texts
        raise EmbeddingError(f"{where}: {kind} does not read texts as an encoder does.") from error
    if not fits:
        raise EmbeddingError(f"{where}: {kind} gives no vector for each token.")
    differs = (padded[:, :2] - alone).abs().max() > _MAY_DIFFER * alone.abs().max()
    if bool(differs):
        raise EmbeddingError(
            f"{where}: {kind} reads padding too, so an answer would depend on the texts that are asked beside it."
        )


def check_vocabulary(encoder: Any, tokenizer: SubwordTokenizer, where: str) -> None:
    """Refuse a pre-trained model whose tokenizer lacks most of the tokens that it was trained on.

    Raises:
        EmbeddingError: It does.
    """
    n_rows = encoder.get_input_embeddings().num_embeddings
    if tokenizer.n_ids < _LEAST_KNOWN * n_rows:
        raise EmbeddingError(
            f"{where}: the tokenizer has {tokenizer.n_ids:,} tokens, the model {n_rows:,} rows: it is another model's, "
            "or a file of it is missing. Save it too: AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER)."
        )


def reads_backwards_only(encoder: Any) -> bool:
    """Say whether no token's vector depends on a later one, as in decoders: then the last has read the whole text."""
    import torch

    n_rows = encoder.get_input_embeddings().num_embeddings
    with torch.inference_mode():
        one, other = (_read(encoder, [[0, last]], [[1, 1]]) for last in (1 % n_rows, 2 % n_rows))
    return bool(torch.allclose(one[:, 0], other[:, 0], atol=1e-6)) and not torch.allclose(one[:, 1], other[:, 1])


def _read(encoder: Any, ids: list[list[int]], mask: list[list[int]]) -> Any:
    import torch

    device = next(encoder.parameters()).device
    as_tensors = (torch.tensor(rows, dtype=torch.long, device=device) for rows in (ids, mask))
    return encoder(**dict(zip(("input_ids", "attention_mask"), as_tensors, strict=True))).last_hidden_state
