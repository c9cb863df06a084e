"""The sample: reviews of invented films, written for this project, so that everything runs with no network.

`reviews.jsonl` has one review a line: film, stars (1 to 10), split ("train" or "test") and text. As in the
Large Movie Review Dataset, 7 stars and more count as positive and there is nothing between. No film is in
both parts.
"""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pyarrow as pa

from plaudit.data.dataset import Dataset, Splits

_POSITIVE_FROM_STARS = 7  # the threshold of the Large Movie Review Dataset's README


def load_sample() -> Splits:
    """Load the packaged sample: a train and a test part, classes neg and pos, extra columns film and stars.

    The order is the file's own.
    """
    text = resources.files(__name__).joinpath("reviews.jsonl").read_text(encoding="utf-8")
    reviews = [json.loads(line) for line in text.split("\n") if line]
    parts = {split: [review for review in reviews if review["split"] == split] for split in ("train", "test")}
    return Splits(train=_dataset(parts["train"], "train"), test=_dataset(parts["test"], "test"))


def _dataset(reviews: list[dict[str, str | int]], part: str) -> Dataset:
    stars = np.array([review["stars"] for review in reviews], dtype=np.int8)
    film = pa.array([review["film"] for review in reviews], type=pa.string())
    return Dataset(
        texts=pa.array([review["text"] for review in reviews], type=pa.large_string()),
        labels=(stars >= _POSITIVE_FROM_STARS).astype(np.int32),
        classes=("neg", "pos"),
        name=f"sample ({part})",
        extra=pa.table({"film": film, "stars": stars}),
    )
