"""`plaudit doctor`: versions, processor, memory, devices, places to write, and what each extra still needs."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import plaudit
from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.cores import usable_cores
from plaudit.wording import counted


@errors_as_lines
def doctor() -> None:
    """Check this installation, and say how to install what is missing."""
    from plaudit.app.doctor import describe_environment, find_extras
    from plaudit.app.terminal import make_console

    console = make_console()
    for key, value in describe_environment():
        console.print(f"{key:<13} {value}", markup=False)
    for extra in find_extras():
        if extra.missing:
            remedy = f"pip install 'plaudit[{extra.name}]'"
            console.print(f"[{extra.name}]".ljust(14) + f"lacks {', '.join(extra.missing)}: {remedy}", markup=False)
        else:
            has = ", ".join(f"{package} {version}" for package, version in extra.there.items())
            console.print(f"[{extra.name}]".ljust(14) + has, markup=False)


_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # the instructions that kernels and encoders are faster with
_FOR_DEVELOPERS = ("dev", "all", "bench", "docs")  # extras that are made of others, or that no command needs
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]+)\])?[^;]*;.*extra == [\"']([^\"']+)[\"']")


@dataclass(frozen=True)
class Extra:
    """An extra of the package.

    Attributes:
        name: As in ``pip install 'plaudit[NAME]'``.
        there: Its packages with their versions.
        missing: Its packages that are not installed.
    """

    name: str
    there: dict[str, str]
    missing: tuple[str, ...]


def describe_environment() -> list[tuple[str, str]]:
    """Return (name, value) lines: what a bug report should say."""
    from plaudit.data import cache_dir, imdb_at_hand

    folder = cache_dir()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    base = ("numpy", "pyarrow", "safetensors", "tokenizers")
    return [
        ("plaudit", f"{plaudit.__version__}, in {Path(plaudit.__file__).parent}"),
        ("python", f"{platform.python_version()} on {platform.platform()}"),
        ("base", ", ".join(f"{name} {_version(name) or 'missing'}" for name in base)),
        ("processor", f"{counted(usable_cores(), 'core')}, {platform.machine()}{_flags()}"),
        ("kernels", _kernels()),
        ("memory", _memory()),
        ("gpu", _gpu()),
        ("cache", f"{folder}, {size / 2**20:,.0f} MiB, {_writable(folder)} ($PLAUDIT_CACHE names another place)"),
        ("here", f"{Path.cwd()}, {_writable(Path.cwd())}"),
        ("temporary", f"{tempfile.gettempdir()}, {_writable(Path(tempfile.gettempdir()))}"),
        (
            "imdb",
            "available" if imdb_at_hand() else "not available: $PLAUDIT_IMDB, --data-dir, or a download of 84 MB",
        ),
    ]


def find_extras() -> list[Extra]:
    """Return what each extra that a command may need has and lacks, from the installed package's own description.

    Empty where Plaudit runs from its source without being installed.
    """
    try:
        requirements = metadata.requires("plaudit") or []
    except metadata.PackageNotFoundError:
        return []
    needs: dict[str, dict[str, None]] = {}
    for match in filter(None, map(_REQUIREMENT.match, requirements)):
        package, of_package, extra = match[1], match[2], match[3]
        own = [f"[{each.strip()}]" for each in (of_package or "").split(",")] if package == "plaudit" else [package]
        needs.setdefault(extra, {}).update(dict.fromkeys(own))
    names = [name for name in needs if name not in _FOR_DEVELOPERS and not name.endswith("-tests")]
    return [_extra(name, needs) for name in names]


def _extra(name: str, needs: Mapping[str, Mapping[str, None]]) -> Extra:
    packages: dict[str, None] = {}
    open_names = [name]
    for each in open_names:  # an extra that names another one takes its packages in
        for need in needs.get(each, {}):
            if not need.startswith("["):
                packages[need] = None
            elif need[1:-1] not in open_names:
                open_names.append(need[1:-1])
    versions = {package: _version(package) for package in packages}
    there = {package: version for package, version in versions.items() if version is not None}
    return Extra(name, there, tuple(package for package in packages if package not in there))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _flags() -> str:
    try:
        found = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:  # not every system tells
        return ""
    return "".join(f", {flag}" for flag in _FLAGS if flag in found)


def _writable(folder: Path) -> str:
    """Say whether files can be written in a folder, or where it would be made, and how much room there is."""
    place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not os.access(place, os.W_OK):
        return "not writable"
    try:
        return f"writable, {shutil.disk_usage(place).free / 2**30:,.1f} GiB free"
    except OSError:
        return "writable"


def _kernels() -> str:
    """Say whether the compiled kernels are used, and if not, why and what to do."""
    from plaudit.native.library import SWITCH, kernels
    from plaudit.native.source_hash import library_path

    if kernels() is not None:
        return "compiled, in use"
    if os.environ.get(SWITCH) == "off":
        return f"switched off by ${SWITCH}: the same answers, three to eight times slower"
    what = "cannot be loaded" if library_path().exists() else "were not built"
    return f"{what}: the same answers, three to eight times slower (install a C compiler, then pip install again)"


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
