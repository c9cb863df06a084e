"""From a name or a path to an embedding: one list of sources, asked in turn.

To add a source, write how it recognises its names, loads and describes itself, and put it into `SOURCES`; no
caller changes. A source imports what it needs inside `load`, so that listing what there is stays quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from plaudit.embeddings import distilled
from plaudit.embeddings.random import DEFAULT_DIMENSION, random_table
from plaudit.embeddings.storage import DESCRIPTION_FILE, read_table
from plaudit.embeddings.table import EmbeddingTable
from plaudit.embeddings.tfhub import is_module, load_module, module_status
from plaudit.embeddings.tfhub_handles import MODULES
from plaudit.embeddings.vectors import read_vectors
from plaudit.errors import EmbeddingError, PluginError


@dataclass(frozen=True)
class EmbeddingInfo:
    """An embedding that `load_embedding` knows by name.

    Attributes:
        name: What `load_embedding` takes; for paths, a placeholder in capital letters.
        dimension: D, or None where the file decides.
        tokens: How many tokens it knows, or None where texts or the file decide.
        status: "ready", "can be distilled here", "can be fetched", or what to do first.
        description: What it is, in a few words.
        source: Where it comes from, and its licence.
    """

    name: str
    dimension: int | None
    tokens: int | None
    status: str
    description: str
    source: str


@dataclass(frozen=True)
class Request:
    """What a source may need to make a table.

    Attributes:
        name: The name or path as the caller gave it.
        training_texts: Arrow ``large_string`` [N], or None.
        seed: For whatever is random.
        progress: Whether to show a bar on standard error for what takes long.
    """

    name: str
    training_texts: pa.LargeStringArray | None
    seed: int
    progress: bool


@dataclass(frozen=True)
class EmbeddingSource:
    """A kind of embedding.

    Attributes:
        claims: Says whether a name is one of its own; the first source that claims a name loads it.
        load: Makes the table.
        infos: Describes the names it knows, for a person.
        package: The package that it is from.
    """

    claims: Callable[[str], bool]
    load: Callable[[Request], EmbeddingTable]
    infos: Callable[[], tuple[EmbeddingInfo, ...]]
    package: str = "plaudit"


def load_embedding(
    name_or_path: str | Path,
    *,
    training_texts: pa.LargeStringArray | None = None,
    seed: int = 0,
    progress: bool = False,
) -> EmbeddingTable:
    """Return the embedding of that name, or the one in that file or folder.

    Args:
        name_or_path: A name that `available_embeddings` lists, the web address of a TF Hub module of the nnlm kind,
            its tar.gz or unpacked folder, a text file of vectors (GloVe, word2vec, fastText), or a folder that
            `write_table` wrote. A name wins over a file that is called the same;
            write ``./minilm`` for the file.
        training_texts: What "random" takes its vocabulary from; the others do not look at it.
        seed: Seeds "random"; the others draw no random numbers.
        progress: Show a bar on standard error for what takes long.

    Raises:
        EmbeddingError: The name is unknown, a file is missing or damaged, or "random" got no training texts.
        FetchError: A module is not on this machine and cannot be downloaded.
        MissingExtraError: An optional dependency is not installed.
    """
    request = Request(str(name_or_path), training_texts, seed, progress)
    if (source := _source_of(request.name)) is not None:
        return source.load(request)
    names = ", ".join(info.name for info in available_embeddings() if not info.name.isupper())
    raise EmbeddingError(
        f"Unknown embedding {request.name!r}: expected one of {names}, or the path of a text file of vectors, "
        "of a TF Hub module or of an embedding's folder."
    )


def embedding_package(name: str) -> str | None:
    """Return the package that an embedding is from, None for a name that nobody claims."""
    source = _source_of(name)
    return None if source is None else source.package


def _source_of(name: str) -> EmbeddingSource | None:
    """Return the first source that claims a name; plugins are imported only for a name that is none of ours."""
    ours = next((source for source in SOURCES if source.claims(name)), None)
    return ours or next((source for source in _plugins() if source.claims(name)), None)


def available_embeddings(*, plugins: bool = True) -> tuple[EmbeddingInfo, ...]:
    """Return what `load_embedding` takes, in the order in which sources are asked; imports nothing heavy of ours.

    Args:
        plugins: Ask installed packages, too, which imports them.

    Raises:
        PluginError: A package cannot be imported, or does not describe its embeddings.
    """
    return tuple(info for source in (*SOURCES, *(_plugins() if plugins else ())) for info in source.infos())


def _plugins() -> tuple[EmbeddingSource, ...]:
    """Return the kinds of embeddings that installed packages add.

    Raises:
        PluginError: A package cannot be imported.
    """
    from plaudit.plugins import load_plugins, plugin_package

    found = load_plugins("plaudit.embeddings", EmbeddingSource)
    return tuple(_checked(each, plugin_package("plaudit.embeddings", name) or "?") for name, each in found.items())


def _checked(source: EmbeddingSource, package: str) -> EmbeddingSource:
    """Return a plugin's source, whose package is named in whatever it does wrong."""
    from plaudit.plugins import asking

    def claims(name: str) -> bool:
        with asking(package, "the names of its embeddings"):
            return bool(source.claims(name))

    def infos() -> tuple[EmbeddingInfo, ...]:
        with asking(package, "the list of its embeddings"):
            found = tuple(source.infos())
            if odd := [each for each in found if not isinstance(each, EmbeddingInfo)]:
                raise TypeError(f"expected an EmbeddingInfo each, got {odd[0]!r}")
            return found

    def load(request: Request) -> EmbeddingTable:
        try:
            with asking(package, f"the embedding {request.name}"):
                return _check_table(source.load(request))
        except EmbeddingError as error:
            raise PluginError(f"the plugin {package}: {error}") from error

    return EmbeddingSource(claims, load, infos, package)


def _check_table(table: object) -> EmbeddingTable:
    """Return what a plugin made, if it is a table that can be used.

    Raises:
        TypeError: It is something else, or a part of it is.
        ValueError: A number is NaN or infinite.
    """
    if not isinstance(table, EmbeddingTable):
        raise TypeError(f"expected an EmbeddingTable, got {table!r:.100}")
    if not isinstance(table.name, str):
        raise TypeError(f"expected a name, got {table.name!r:.100}")
    if not isinstance(table.vocabulary, pa.LargeStringArray):
        raise TypeError(f"expected the vocabulary as an Arrow array of large strings, got {type(table.vocabulary)}")
    if not callable(getattr(table.tokenizer, "tokenize", None)):
        raise TypeError(f"expected a tokenizer, got {table.tokenizer!r:.100}")
    if not np.isfinite(table.vectors).all():
        raise ValueError("a number in its vectors is NaN or infinite")
    return table


def _load_random(request: Request) -> EmbeddingTable:
    if request.training_texts is None:
        raise EmbeddingError(
            'The embedding "random" takes its vocabulary from the training texts, and none were given.'
        )
    return random_table(request.training_texts, seed=request.seed)


def _minilm_infos() -> tuple[EmbeddingInfo, ...]:
    return (
        EmbeddingInfo(
            name=distilled.NAME,
            dimension=distilled.DIMENSION,
            tokens=distilled.N_TOKENS,
            status=distilled.minilm_status(),
            description="static word-piece vectors distilled from a sentence encoder",
            source="sentence-transformers/all-MiniLM-L6-v2, Apache-2.0",
        ),
    )


def _random_infos() -> tuple[EmbeddingInfo, ...]:
    return (
        EmbeddingInfo(
            name="random",
            dimension=DEFAULT_DIMENSION,
            tokens=None,
            status="ready",
            description="the control: random vectors for the training texts' words",
            source="a random number generator",
        ),
    )


def _tfhub_infos() -> tuple[EmbeddingInfo, ...]:
    """Describe the English modules one by one; of another language the smallest, which names the others."""
    return tuple(
        EmbeddingInfo(
            name=module.name,
            dimension=module.dimension,
            tokens=None,
            status=module_status(module),
            description=_TFHUB_DESCRIPTIONS.get(module.name)
            or f"the same in {module.language}; also -dim128 and -with-normalization",
            source="TF Hub, Apache-2.0",
        )
        for module in MODULES.values()
        if module.name in _TFHUB_DESCRIPTIONS or (module.language != "English" and module.name.endswith("dim50"))
    )


_TFHUB_DESCRIPTIONS = {
    "nnlm-en-dim50": "the tutorial's embedding: 963,812 rows, texts split at single spaces",
    "nnlm-en-dim50-with-normalization": "the same, punctuation deleted before splitting",
    "nnlm-en-dim128": "the same as nnlm-en-dim50, with longer vectors",
    "nnlm-en-dim128-with-normalization": "the same, punctuation deleted before splitting",
    "gnews-swivel-20dim": "20,000 tokens and one row for all others; quick to fetch and to train",
}


def _path_infos() -> tuple[EmbeddingInfo, ...]:
    return (
        EmbeddingInfo(
            name="PATH",
            dimension=None,
            tokens=None,
            status="ready",
            description="a text file of vectors (GloVe, word2vec, fastText; or compressed), a TF Hub module, packed or "
            "as a folder, or a saved folder",
            source="your own",
        ),
    )


def _is_table_folder(name: str) -> bool:
    return (Path(name) / DESCRIPTION_FILE).is_file()


def _nothing() -> tuple[EmbeddingInfo, ...]:
    return ()


SOURCES: tuple[EmbeddingSource, ...] = (
    EmbeddingSource(
        claims=lambda name: name == distilled.NAME,
        load=lambda request: distilled.minilm(progress=request.progress),
        infos=_minilm_infos,
    ),
    EmbeddingSource(claims=lambda name: name == "random", load=_load_random, infos=_random_infos),
    EmbeddingSource(
        claims=is_module,
        load=lambda request: load_module(request.name, progress=request.progress),
        infos=_tfhub_infos,
    ),
    EmbeddingSource(claims=_is_table_folder, load=lambda request: read_table(Path(request.name)), infos=_nothing),
    EmbeddingSource(
        claims=lambda name: Path(name).is_file(),
        load=lambda request: read_vectors(request.name),
        infos=_path_infos,
    ),
)
