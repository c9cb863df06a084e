"""Models behind a server, for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")

from serving import Running, serving

from plaudit import DecisionRule
from plaudit.data import Dataset
from plaudit.embeddings import EmbeddingTable
from plaudit.models import NetworkClassifier, NgramClassifier, load


@pytest.fixture(scope="session")
def folders(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_table: EmbeddingTable,
    reviews: Dataset,
    topics: Dataset,
    mood_network: NetworkClassifier,
) -> dict[str, Path]:
    """Saved models: two classes, four classes, sets of labels, and one that may give no answer; do not change them."""
    place = tmp_path_factory.mktemp("served")
    found = {name: place / name for name in ("reviews", "topics", "moods", "unsure")}
    NgramClassifier(n_max=2).fit(reviews.texts, reviews.label_names()).save(found["reviews"])
    NetworkClassifier(tiny_table, epochs=3, batch_size=16).fit(topics.texts, topics.label_names()).save(found["topics"])
    mood_network.save(found["moods"])
    load(found["reviews"]).set_rule(DecisionRule(abstain_below=0.99)).save(found["unsure"])
    return found


@pytest.fixture(scope="session")
def running(folders: dict[str, Path]) -> Iterator[Running]:
    """All four models behind one server."""
    with serving(folders) as server:
        yield server


@pytest.fixture(scope="session")
def alone(folders: dict[str, Path]) -> Iterator[Running]:
    """One model alone."""
    with serving({"reviews": folders["reviews"]}) as server:
        yield server
