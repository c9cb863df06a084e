"""Find a transformer encoder's files on this machine, and keep Hugging Face's libraries from talking.

Nothing is downloaded unless the environment says HF_HUB_OFFLINE=0, the Hub's own switch: without it (Hugging Face
takes that for permission) a name is only looked up in the local cache. Weights are safetensors, never pickle, and no
code that comes with a model is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plaudit.embeddings.foreign_encoder import read_json
from plaudit.embeddings.minilm_package import minilm_folder
from plaudit.embeddings.mpnet_package import mpnet_folder
from plaudit.embeddings.named_encoders import HUB_NAME, NAMED_ENCODERS
from plaudit.embeddings.sentence_folder import MODULES, encoder_folder
from plaudit.errors import EmbeddingError, require

EXTRA = "encoder"
PURPOSE = "The encoder"
CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE = "config.json", "tokenizer.json", "model.safetensors"
_WEIGHTS_INDEX = "model.safetensors.index.json"
# What a slow tokenizer is made of, for folders without a tokenizer.json.
_TOKENIZER_PARTS = ("tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt")
_VOCABULARIES = ("vocab.txt", "vocab.json", "*.model")  # one of them, where there is no tokenizer.json
SETTINGS_FILES = ("tokenizer_config.json", "special_tokens_map.json")
_WANTED = (
    CONFIG_FILE,
    WEIGHTS_FILE,
    _WEIGHTS_INDEX,
    "model-*.safetensors",
    TOKENIZER_FILE,
    *_TOKENIZER_PARTS,
    "*.model",
    MODULES,
    "1_Pooling/config.json",
    "0_Transformer/*.json",
    "0_Transformer/*.txt",
    "0_Transformer/*.safetensors",
    "0_Transformer/*.model",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what transformers and the Hub would print (loading reports, warnings, progress bars) from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging = require("transformers.utils.logging", extra=EXTRA, purpose=PURPOSE)
        hub = require("huggingface_hub.utils", extra=EXTRA, purpose=PURPOSE)
        verbosity, has_bars, hub_has_bars = (
            logging.get_verbosity(),
            logging.is_progress_bar_enabled(),
            not hub.are_progress_bars_disabled(),
        )
        logging.set_verbosity(logging.CRITICAL)
        logging.disable_progress_bar()
        hub.disable_progress_bars()
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            if has_bars:
                logging.enable_progress_bar()
            if hub_has_bars:
                hub.enable_progress_bars()


def find_encoder(encoder: str | Path) -> Path:
    """Return the Hugging Face folder of an encoder: configuration, safetensors, tokenizer.

    Args:
        encoder: A name of `NAMED_ENCODERS`, a folder, or a name on the Hub, alone or as NAME@REVISION.

    Raises:
        EmbeddingError: There is none, or a file that is needed is missing.
        MissingExtraError: The extra "encoder" is not installed.
    """
    require("torch", extra=EXTRA, purpose=PURPOSE)
    if encoder == "minilm":
        folder = minilm_folder(extra=EXTRA, purpose=PURPOSE)
    elif encoder == "mpnet":
        folder = mpnet_folder(extra="mpnet")
    elif Path(encoder).expanduser().is_dir():
        folder = Path(encoder).expanduser()
    elif str(encoder).startswith((".", "/", "~")):
        raise EmbeddingError(f"encoder {str(encoder)!r}: there is no such folder.")
    elif str(encoder) in NAMED_ENCODERS:
        named = NAMED_ENCODERS[str(encoder)]
        folder = _from_hub(named.hub, named.revision)
    elif (found := HUB_NAME.fullmatch(str(encoder))) is not None:
        folder = _from_hub(found["name"], found["revision"])
    else:
        raise EmbeddingError(
            f"encoder {str(encoder)!r}: expected {', '.join(NAMED_ENCODERS)}, a folder, or a name on the Hugging Face "
            "Hub, with @REVISION for one that is not the newest."
        )
    inner = encoder_folder(folder)
    if not (inner / CONFIG_FILE).is_file():
        raise EmbeddingError(f"{inner}: not an encoder: {CONFIG_FILE} is missing.")
    if not any((inner / name).is_file() for name in (WEIGHTS_FILE, _WEIGHTS_INDEX)):
        raise EmbeddingError(f"{inner}: no {WEIGHTS_FILE}; weights of another format are not read.{_conversion(inner)}")
    return folder


def _conversion(folder: Path) -> str:
    """Return how pickled weights become safetensors, where there are some."""
    if not any(folder.glob("pytorch_model*.bin")):
        return ""
    return (
        ' If you trust pytorch_model.bin, convert it once: python -c "from transformers import AutoModel; '
        f"AutoModel.from_pretrained('{folder}').save_pretrained('{folder}')\""
    )


def read_settings(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the tokenizer's small JSON files by name: what the folder has of `SETTINGS_FILES`, without code's names.

    Raises:
        EmbeddingError: One is damaged.
    """
    found = {}
    for name in SETTINGS_FILES:
        if (folder / name).is_file():
            found[name] = {key: value for key, value in read_json(folder / name).items() if key != "auto_map"}
    return found


def weight_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a folder's weights by name, as its safetensors files say, without reading them.

    What `safetensors` raises of a damaged file is left to the caller.
    """
    from safetensors import safe_open

    names = [WEIGHTS_FILE]
    if not (folder / WEIGHTS_FILE).is_file():
        names = sorted(set(read_json(folder / _WEIGHTS_INDEX)["weight_map"].values()))  # checked by `check_folder`
    shapes: dict[str, tuple[int, ...]] = {}
    for name in names:
        with safe_open(folder / name, framework="numpy", backend="pread") as file:
            shapes |= {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    return shapes


def read_tokenizer(folder: Path) -> str:
    """Return the text of the folder's ``tokenizer.json``, made from its older form where there is none.

    Raises:
        EmbeddingError: The folder holds no tokenizer that can be read.
    """
    path = folder / TOKENIZER_FILE
    if not path.is_file() and not any(any(folder.glob(name)) for name in _VOCABULARIES):
        raise EmbeddingError(
            f"{folder}: no tokenizer: neither {TOKENIZER_FILE} nor a vocabulary is there. Save it too: "
            "AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER)."
        )
    is_alone = not any((folder / name).is_file() for name in (TOKENIZER_FILE, *_VOCABULARIES[:2]))
    if is_alone and importlib.util.find_spec("sentencepiece") is None:
        raise EmbeddingError(
            f"{folder}: its tokenizer is a SentencePiece model without {TOKENIZER_FILE}; to read it, "
            "pip install sentencepiece."
        )
    try:
        if path.is_file():
            return path.read_text(encoding="utf-8")
        with quiet():
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, local_files_only=True)
            definition: str = tokenizer.backend_tokenizer.to_str()
    except Exception as error:  # transformers raises ImportError, OSError, ValueError and plain Exception here
        raise EmbeddingError(f"{folder}: its tokenizer cannot be read ({_first_line(error)}).") from error
    return definition


def _from_hub(name: str, revision: str | None) -> Path:
    hub = require("huggingface_hub", extra=EXTRA, purpose=PURPOSE)
    may_download = os.environ.get("HF_HUB_OFFLINE") == "0"
    which = name if revision is None else f"{name}@{revision}"
    try:
        with quiet():
            return Path(
                hub.snapshot_download(
                    name, revision=revision, local_files_only=not may_download, allow_patterns=list(_WANTED)
                )
            )
    except Exception as error:  # the Hub's errors have many bases, OSError and ValueError among them
        if may_download:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise EmbeddingError(f"encoder {which!r}: the download failed: {reason}") from error
        at = f" --revision {revision}" if revision else ""
        raise EmbeddingError(
            f"encoder {which!r} is neither a folder nor in the Hugging Face cache: set the environment variable "
            f"HF_HUB_OFFLINE=0 to allow its download, or download it elsewhere (hf download {name}{at} --local-dir "
            "FOLDER) and name the folder."
        ) from error


def weights_sha256(folder: Path) -> str:
    """Return the SHA-256 of a folder's weights; of several files, of all in the order of their names.

    Raises:
        EmbeddingError: They cannot be read.
    """
    digest, inner = hashlib.sha256(), encoder_folder(folder)
    try:
        for path in sorted(inner.glob("model*.safetensors")):
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
    except OSError as error:
        raise EmbeddingError(f"{inner}: its weights cannot be read ({error.strerror or error}).") from error
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
