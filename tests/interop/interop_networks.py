"""A network over any table, its weights drawn and not trained: what an export must repeat does not need to be good."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.embeddings import Combiner, EmbeddingTable
from plaudit.models import NetworkClassifier
from plaudit.models.targets import count_logits
from plaudit.text import SpaceTokenizer, Tokenizer
from plaudit.training.dense import DenseLayers

# The three words of the conformance values in the project's issue 3.
CONFORMANCE = {"cat": (1.11, 2.56, 3.45), "dog": (1.0, 2.0, 3.0), "mouse": (0.5, 0.1, 0.6)}
TRICKY = (
    "", " ", "   ", "cat cat", "lizard. dog", "cat? dog", "  cat  dog ", "cat\tdog\nmouse", "mouse“dog” — cat", "¿cat¡",
    "🎬 cat 👍🏽", "cat\x00 dog", "d\u00ado\u200dg", "...", "naïve İstanbul ΟΔΟΣ",
    "iPhone手机好,电影", "ラーメンｶﾞ二〇", "ดีมาก ๕ 한국어 '中'文'",
)  # fmt: skip


def make_table(
    tokenizer: Tokenizer | None = None, *, n_buckets: int = 1, combiner: Combiner = "sqrtn", seed: int = 0
) -> EmbeddingTable:
    known = np.array(list(CONFORMANCE.values()), np.float32)
    others = np.random.default_rng(seed).normal(size=(n_buckets, 3)).astype(np.float32)
    others = np.zeros((1, 3), np.float32) if n_buckets == 1 else others
    return EmbeddingTable(
        name="three words",
        tokenizer=tokenizer or SpaceTokenizer(),
        vocabulary=pa.array(list(CONFORMANCE), pa.large_string()),
        vectors=np.concatenate([known, others]),
        combiner=combiner,
    )


def make_network(
    table: EmbeddingTable,
    *,
    classes: tuple[Any, ...] = ("neg", "pos"),
    hidden: tuple[int, ...] = (16,),
    seed: int = 0,
    trainable: bool = True,
    multi_label: bool = False,
) -> NetworkClassifier:
    model = NetworkClassifier(table, hidden=hidden, trainable=trainable)
    generator = np.random.default_rng(seed)
    widths = [table.dimension, *hidden, count_logits(len(classes), multi_label=multi_label)]
    model.layers_ = DenseLayers.initialise(widths, generator)
    for bias in model.layers_.biases:
        bias += generator.normal(size=bias.shape).astype(np.float32)
    model.table_, model.classes_, model.multi_label_ = table, np.array(classes), multi_label
    return model


@cache
def tricky_texts() -> list[str]:
    """Texts on which tokenizers disagree, and two thousand random ones."""
    generator = random.Random(0)
    pool = [
        *CONFORMANCE,
        *TRICKY,
        "Cat",
        "DOG",
        "don't",
        "dog's",
        "'mouse'",
        ".",
        "\u00a0",
        "\u2003",
        "\x85",
        "😀",
        " ",
    ]
    joined = ["".join(generator.choices(pool, k=generator.randrange(8))) for _ in range(1_000)]
    spaced = [" ".join(generator.choices(pool, k=generator.randrange(8))) for _ in range(1_000)]
    return [*TRICKY, *joined, *spaced]


PLANES = {0, 1, 2, 3, 14}  # 4 to 13 are empty, 15 and 16 are for private use (The Unicode Standard, section 2.8)


@cache
def every_character() -> list[str]:
    """Each of Unicode's characters within a word and alone; of the planes without any, every hundredth code point."""
    planes = [range(plane << 16, (plane + 1) << 16, 1 if plane in PLANES else 100) for plane in range(17)]
    return [f"ab{chr(code)}cD {chr(code)}" for plane in planes for code in plane if not 0xD800 <= code < 0xE000]
