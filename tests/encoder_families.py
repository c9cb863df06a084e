"""Encoders of many families, tiny and with random weights, as their makers' tools save them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

import encoders

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


@dataclass(frozen=True)
class Family:
    """How one is made.

    Attributes:
        config: transformers' class of configuration.
        model: The class whose weights are saved.
        tokenizer: Makes its tokenizer.
        settings: Of the configuration, beside the vocabulary's size.
    """

    config: str
    model: str
    tokenizer: Callable[[], Tokenizer]
    settings: dict[str, Any]


def framed(tokenizer: Tokenizer, before: str | None, after: str | None) -> Tokenizer:
    """Put special tokens around a text."""
    names = [name for name in (before, after) if name is not None]
    tokenizer.add_special_tokens(names)
    template = " ".join(name for name in (before, "$A", after) if name is not None)
    ids = [(name, tokenizer.token_to_id(name)) for name in names]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=ids)
    return tokenizer


def mpnet_words() -> Tokenizer:
    """WordPiece between RoBERTa's marks."""
    letters = [chr(c) for c in range(97, 123)]
    names = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>", *encoders.WORDS, *letters, *(f"##{each}" for each in letters)]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(names))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = encoders.wordpiece().normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return framed(tokenizer, "<s>", "</s>")


def byte_pairs(before: str | None, after: str | None) -> Callable[[], Tokenizer]:
    """Bytes and their pairs, between these marks."""

    def make() -> Tokenizer:
        tokenizer = encoders.byte_level()
        tokenizer.post_processor = None
        return framed(tokenizer, before, after) if before or after else tokenizer

    return make


def pieces(before: str | None, after: str | None) -> Callable[[], Tokenizer]:
    """Unigram pieces that begin with the space before them, between these marks."""
    return lambda: framed(encoders.unigram(), before, after)


FAMILIES = {
    "bert": Family("BertConfig", "BertModel", encoders.wordpiece, {**SHAPE, "max_position_embeddings": 40}),
    "distilbert": Family(
        "DistilBertConfig", "DistilBertModel", encoders.wordpiece,
        {"dim": 16, "hidden_dim": 24, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 40},
    ),
    "roberta": Family(
        "RobertaConfig", "RobertaModel", encoders.byte_level,
        {**SHAPE, "max_position_embeddings": 42, "type_vocab_size": 1, "pad_token_id": 1},
    ),
    "xlm-roberta": Family(
        "XLMRobertaConfig", "XLMRobertaModel", encoders.unigram,
        {**SHAPE, "max_position_embeddings": 42, "type_vocab_size": 1, "pad_token_id": 1},
    ),
    "deberta-v2": Family(
        "DebertaV2Config", "DebertaV2Model", pieces("[CLS]", "[SEP]"),
        {
            **SHAPE, "max_position_embeddings": 40, "relative_attention": True, "position_buckets": 8,
            "norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"],
            "type_vocab_size": 0, "position_biased_input": False, "pad_token_id": 1,
        },
    ),
    "electra": Family(
        "ElectraConfig", "ElectraModel", encoders.wordpiece,
        {**SHAPE, "embedding_size": 8, "max_position_embeddings": 40},
    ),
    "albert": Family(
        "AlbertConfig", "AlbertModel", pieces("[CLS]", "[SEP]"),
        {**SHAPE, "embedding_size": 8, "max_position_embeddings": 40, "pad_token_id": 1},
    ),
    "mpnet": Family(
        "MPNetConfig", "MPNetModel", mpnet_words,
        {**SHAPE, "max_position_embeddings": 42, "pad_token_id": 1},
    ),
    "modernbert": Family(
        "ModernBertConfig", "ModernBertModel", byte_pairs("[CLS]", "[SEP]"),
        {**SHAPE, "max_position_embeddings": 40, "pad_token_id": 1, "global_attn_every_n_layers": 2,
         "local_attention": 8, "cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "t5": Family(
        "T5Config", "T5EncoderModel", pieces(None, "</s>"),
        {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2, "pad_token_id": 1},
    ),
    "gpt2": Family(
        "GPT2Config", "GPT2Model", byte_pairs(None, None),
        {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 40},
    ),
}  # fmt: skip


def make(folder: Path, name: str, dtype: Any = torch.float32, **settings: Any) -> Path:
    """Write an encoder of a family as `save_pretrained` does, with a fast tokenizer's file alone beside it."""
    family = FAMILIES[name]
    tokenizer = family.tokenizer()
    with warnings.catch_warnings():  # DeBERTa's code still uses torch.jit.script
        warnings.simplefilter("ignore", DeprecationWarning)
        kind, model_kind = getattr(transformers, family.config), getattr(transformers, family.model)
    torch.manual_seed(3)
    model = model_kind(kind(**{**family.settings, "vocab_size": tokenizer.get_vocab_size(), **settings})).to(dtype)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
