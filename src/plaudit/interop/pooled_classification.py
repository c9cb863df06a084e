"""A text classifier for plain transformers: an encoder, the pooling of its token vectors, one linear layer.

Plaudit writes this file beside the weights that it exports, and never imports it. Open the folder with

    transformers.pipeline("text-classification", model=FOLDER, trust_remote_code=True)

It needs nothing but torch and transformers. Give texts without truncation: a long text is cut here, as Plaudit cuts it.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from transformers import AutoModel, AutoModelForTextEncoding, PreTrainedModel
from transformers import PretrainedConfig as Config
from transformers.modeling_outputs import SequenceClassifierOutput

PREFIX = "encoder"  # what weights of this kind of encoder are called by
AT_ONCE = 16  # windows


class PooledForSequenceClassification(PreTrainedModel):  # type: ignore[misc]  # transformers has no types
    """Logits of texts; `config.plaudit` says how token vectors make a text's."""

    config_class = Config
    base_model_prefix = PREFIX

    def __init__(self, config: Any) -> None:
        """Build the encoder without its pooler, and the linear layer."""
        super().__init__(config)
        kind = AutoModelForTextEncoding if config.plaudit["encoder_half"] else AutoModel
        encoder = kind.from_config(config)
        if getattr(encoder, "pooler", None) is not None:
            encoder.pooler = None
        setattr(self, PREFIX, encoder)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **_others: Any,
    ) -> Any:
        """Return the logits [N, C] of N tokenized texts, and the loss where `labels` are given."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        vectors = [self._vector(ids[kept.bool()].long()) for ids, kept in zip(input_ids, mask, strict=True)]
        logits = self.classifier(torch.stack(vectors))
        loss = None
        if labels is not None and self.config.problem_type == "multi_label_classification":
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.float())
        elif labels is not None:
            loss = torch.nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def _vector(self, ids: torch.Tensor) -> torch.Tensor:
        """Return a text's vector [D]: the sum of its windows' over the square root of their number."""
        said = self.config.plaudit
        prefix, suffix = said["prefix"], said["suffix"]
        own = ids[len(prefix) : len(ids) - len(suffix)]
        room = said["max_tokens"] - len(prefix) - len(suffix)
        if said["long_texts"] == "windows":
            n = max(-(-len(own) // room), 1)
            cuts = [i * len(own) // n for i in range(n + 1)]
            windows = [own[a:b] for a, b in itertools.pairwise(cuts)]
        else:
            head = room // 4
            windows = [own if len(own) <= room else torch.cat([own[:head], own[len(own) - (room - head) :]])]
        sums = sum(self._pooled(windows[at : at + AT_ONCE]).sum(0) for at in range(0, len(windows), AT_ONCE))
        return torch.as_tensor(sums) / len(windows) ** 0.5

    def _pooled(self, windows: list[torch.Tensor]) -> torch.Tensor:
        """Return the vectors [W, D] of windows, each with its special tokens around."""
        said = self.config.plaudit
        prefix, suffix = said["prefix"], said["suffix"]
        lengths = [max(len(prefix) + len(window) + len(suffix), 1) for window in windows]
        shape, device = (len(windows), max(lengths)), windows[0].device
        ids = torch.full(shape, said["padding"], dtype=torch.long, device=device)
        types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
        for row, (window, length) in enumerate(zip(windows, lengths, strict=True)):
            begin, end = len(prefix), len(prefix) + len(window)
            mask[row, :length] = 1
            ids[row, :begin] = torch.tensor(prefix, dtype=torch.long, device=device)
            ids[row, begin:end] = window
            ids[row, end : end + len(suffix)] = torch.tensor(suffix, dtype=torch.long, device=device)
            types[row, :begin] = torch.tensor(said["prefix_types"], dtype=torch.long, device=device)
            types[row, begin:end] = said["text_type"]
            types[row, end : end + len(suffix)] = torch.tensor(said["suffix_types"], dtype=torch.long, device=device)
        given = {"token_type_ids": types} if said["has_types"] else {}
        hidden = getattr(self, PREFIX)(input_ids=ids, attention_mask=mask, **given).last_hidden_state
        if said["pooling"] == "cls":
            return torch.as_tensor(hidden[:, 0])
        if said["pooling"] == "last":
            return torch.stack([each[length - 1] for each, length in zip(hidden, lengths, strict=True)])
        weight = mask.unsqueeze(2)
        if said["pooling"] == "max":
            return torch.as_tensor(hidden.masked_fill(weight == 0, -float("inf")).amax(1))
        return torch.as_tensor((hidden * weight).sum(1) / weight.sum(1))
