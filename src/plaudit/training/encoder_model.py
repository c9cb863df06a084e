"""A transformer encoder, pooling and one linear layer: from token ids to logits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.embeddings.foreign_encoder import check_folder, read_config
from plaudit.embeddings.hugging_face import CONFIG_FILE, quiet, read_settings, read_tokenizer, weight_shapes
from plaudit.embeddings.sentence_folder import Pooling, encoder_folder, read_pooling
from plaudit.errors import ConfigError, EmbeddingError
from plaudit.progress import tell
from plaudit.text.sequences import Sequences, cut, portions, turns
from plaudit.text.subwords import SubwordTokenizer
from plaudit.training.attention import attention
from plaudit.training.encoder_building import build_config, described_shapes, model_class, prepared
from plaudit.training.encoder_checks import check_fits, check_vocabulary, reads_backwards_only
from plaudit.training.pooling import pool
from plaudit.training.team import ALONE, Team
from plaudit.training.torch_device import Placement, roomy_heap

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from plaudit.text.subwords import TokenIds

_INITIALISE = 4  # what a random generator is for, mixed into its seed
_HEAD_SPREAD = 0.02  # BERT's initializer_range (Devlin et al. 2019)
_SCORED = {"cpu": 4_096}  # tokens scored at a time; more elsewhere
_SCORED_ELSEWHERE = 32_768


@dataclass(frozen=True)
class EncoderModel:
    """What answers: its weights may move.

    Attributes:
        encoder: A transformers model whose output has ``last_hidden_state``; float32, in evaluation mode.
        head: torch.nn.Linear from its width to K logits.
        tokenizer: What its ids come from.
        pooling: Which token vectors make a text's: their mean, the first, the last, or each number's greatest.
        settings: Small JSON files that came with the tokenizer, by name, for other programs that open the folder.
    """

    encoder: Any  # Any: torch's and transformers' classes
    head: Any
    tokenizer: SubwordTokenizer
    pooling: Pooling = "mean"
    settings: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def initialise(cls, folder: Path, n_logits: int, *, seed: int) -> EncoderModel:
        """Read a pre-trained encoder, and put a fresh linear layer on top.

        Raises:
            EmbeddingError: The folder's files are damaged, do not fit together, or are no encoder's.
        """
        pooling = read_pooling(folder)
        folder = encoder_folder(folder)
        tokenizer = SubwordTokenizer(read_tokenizer(folder))
        encoder = _pretrained(folder)
        check_fits(encoder, tokenizer, str(folder))
        check_vocabulary(encoder, tokenizer, str(folder))
        rng = np.random.default_rng([seed, _INITIALISE])
        kernel = rng.normal(scale=_HEAD_SPREAD, size=(n_logits, encoder.config.hidden_size)).astype(np.float32)
        pooling = pooling or ("last" if reads_backwards_only(encoder) else "mean")
        settings = read_settings(folder)
        return cls(encoder, linear(kernel, np.zeros(n_logits, np.float32)), tokenizer, pooling, settings)

    @property
    def n_logits(self) -> int:
        """K."""
        return int(self.head.out_features)

    @property
    def n_parameters(self) -> int:
        """All weights."""
        return sum(p.numel() for module in (self.encoder, self.head) for p in module.parameters())

    def to(self, placement: Placement) -> None:
        """Move the weights."""
        self.encoder.to(placement.device)
        self.head.to(placement.device)

    def cut(self, texts: pa.LargeStringArray, max_tokens: int, long_texts: str) -> Sequences:
        """Tokenize N texts and cut them into sequences that, with their special tokens, have at most `max_tokens`."""
        return self.cut_ids(self.tokenizer.ids(texts), max_tokens, long_texts)

    def cut_ids(self, tokens: TokenIds, max_tokens: int, long_texts: str) -> Sequences:
        """Cut N tokenized texts as `cut` does."""
        return cut(tokens, max_tokens - len(self.tokenizer.frame), long_texts)

    def turns(self, tokens: TokenIds, max_tokens: int, long_texts: str, epochs: int) -> tuple[Sequences, ...]:
        """Return of N tokenized texts what each epoch trains on: a sequence a text, as long as those of `cut`."""
        return turns(tokens, max_tokens - len(self.tokenizer.frame), long_texts, epochs)

    def forward(self, sequences: Sequences, rows: NDArray[np.int64], placement: Placement) -> Any:
        """Return the logits of the sequences at `rows` (int64 [B]), a float32 tensor [B, K]."""
        return self.head(self.pooled(sequences, rows, placement))

    def pooled(self, sequences: Sequences, rows: NDArray[np.int64], placement: Placement) -> Any:
        """Return the pooled token vectors of the sequences at `rows` (int64 [B]), a float32 tensor [B, D]."""
        import torch

        padding = getattr(self.encoder.config, "pad_token_id", None) or 0
        frame = self.tokenizer.frame
        ids, mask, types = (
            torch.from_numpy(array).to(placement.device) for array in sequences.padded(rows, frame, padding)
        )
        inputs = {"token_type_ids": types} if frame.has_types else {}
        with placement.autocast(), attention(self.encoder, placement, ids.shape[1]):
            hidden = self.encoder(input_ids=ids, attention_mask=mask, **inputs).last_hidden_state
        return pool(hidden.float(), mask, self.pooling)

    def logits(self, sequences: Sequences, placement: Placement, team: Team = ALONE) -> NDArray[np.float32]:
        """Return N texts' logits, float32 [N, K]: the linear layer's of their vectors; a `team` divides the work."""
        logits = self._of_texts(self.forward, self.n_logits, sequences, placement, team)
        return logits + self.spare_bias(sequences).astype(np.float32)

    def spare_bias(self, sequences: Sequences) -> NDArray[np.float64]:
        """Return what sequences' logits, combined as `vectors` are, lack of their text's, float64 [N, K].

        The linear layer's bias is added once a text, not once a sequence; of a text in one it is 0.
        """
        bias = self.head.bias.detach().double().cpu().numpy()
        result: NDArray[np.float64] = (1 - np.sqrt(sequences.counts()))[:, None] * bias
        return result

    def vectors(self, sequences: Sequences, placement: Placement) -> NDArray[np.float32]:
        """Return N texts' vectors, float32 [N, D].

        Each is the sum of its sequences' pooled vectors over the square root of their number: what several windows
        agree on counts for more than what one says, yet not as much as if they were independent.
        """
        return self._of_texts(self.pooled, int(self.head.in_features), sequences, placement, ALONE)

    def _of_texts(
        self, of_rows: Callable[..., Any], width: int, sequences: Sequences, placement: Placement, team: Team
    ) -> NDArray[np.float32]:
        import torch

        lengths = sequences.lengths() + len(self.tokenizer.frame)
        order = np.argsort(lengths, kind="stable")
        parts = portions(lengths[order], _SCORED.get(placement.device.type, _SCORED_ELSEWHERE))
        found, shares = np.zeros((len(order), width), np.float32), np.cumsum(lengths[order]) / max(lengths.sum(), 1)
        with torch.inference_mode():
            for part in parts[team.rank :: team.size]:
                rows = order[part]
                found[rows] = of_rows(sequences, rows, placement).cpu().numpy()
                tell(sequences.n_texts, float(shares[part][-1]))
        found = team.add(found, placement.device).astype(np.float32, copy=False)
        if sequences.n_texts == len(found):
            return found
        sums = np.add.reduceat(found.astype(np.float64), sequences.first[:-1], axis=0)
        return (sums / np.sqrt(sequences.counts())[:, None]).astype(np.float32)

    def tensors(self) -> dict[str, Any]:
        """Return the weights by name, torch tensors that training moves."""
        parts = {"encoder": self.encoder, "head": self.head}
        return {f"{part}.{name}": t for part, module in parts.items() for name, t in module.state_dict().items()}

    def load(self, weights: dict[str, Any]) -> None:
        """Take weights, arrays or tensors, as `tensors` names them."""
        import torch

        with torch.no_grad():
            for name, tensor in self.tensors().items():
                tensor.copy_(torch.as_tensor(weights[name]))


def linear(kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> Any:
    """Return a torch.nn.Linear with these weights, [K, D] and [K]; draws no random number."""
    import torch

    layer = torch.nn.utils.skip_init(torch.nn.Linear, kernel.shape[1], kernel.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


def most_tokens(encoder: Any) -> int | None:
    """Return the longest sequence that has positions, special tokens included; None without a limit.

    Models of RoBERTa's kind count positions from past the padding id, so 514 positions are 512 tokens.
    """
    import torch

    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            first = 0 if module.padding_idx is None else module.padding_idx + 1
            return int(module.num_embeddings) - first
    limit = getattr(encoder.config, "max_position_embeddings", None)
    return int(limit) if limit and limit > 0 else None


def check_length(model: EncoderModel, name: str, max_tokens: int) -> None:
    """Refuse sequences of `max_tokens` that the model cannot read, or that hold nothing but special tokens.

    Raises:
        ConfigError: They are too long or too short.
    """
    most, least = most_tokens(model.encoder), len(model.tokenizer.frame) + 1
    if max_tokens < least or (most is not None and max_tokens > most):
        reads = f"{least}" if most is None else f"{least} to {most:,}"
        raise ConfigError(f"--max-tokens: {name} reads {reads} tokens at once, got {max_tokens}.")


@contextlib.contextmanager
def working() -> Iterator[None]:
    """Train or score with an encoder inside: quietly, with a heap for large blocks."""
    with quiet(), roomy_heap():
        yield


def _pretrained(folder: Path) -> Any:
    import torch

    check_folder(folder)
    content = read_config(folder / CONFIG_FILE)
    with quiet(), torch.random.fork_rng(devices=[]):
        try:
            config = build_config(content)
            described_shapes(config, weight_shapes(folder), str(folder))
            encoder, report = model_class(config).from_pretrained(
                folder, config=config, local_files_only=True,
                use_safetensors=True, trust_remote_code=False, output_loading_info=True,
            )  # fmt: skip
        except EmbeddingError:
            raise
        except Exception as error:  # safetensors, json and transformers raise as many kinds
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise EmbeddingError(f"{folder}: the encoder cannot be read: {reason}") from error
    missing = sorted(name for name in report["missing_keys"] if "pooler" not in name)
    if missing:
        raise EmbeddingError(
            f"{folder}: the weights lack {missing[0]} and {len(missing) - 1} more; not an encoder that Plaudit saved."
        )
    return prepared(encoder)
