"""What other packages add to Plaudit: recipes, readers, embeddings and metrics, found by their entry points.

A package names what it adds in its metadata, under one of `GROUPS`; nothing of it is imported before somebody asks for
that name. Only installed packages have entry points, so whatever a model folder or a file says, no other module is
imported for it. What is built in wins over a plugin of the same name, and is never looked up here.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import traceback
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

from plaudit.errors import PlauditError, PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import FrameType

Group = Literal["plaudit.recipes", "plaudit.readers", "plaudit.embeddings", "plaudit.metrics"]
Kind = TypeVar("Kind")
FAULTS: Final = (Exception, SystemExit)  # what another package's code raises; only a person's Ctrl+C is none


def plugin_names(group: Group) -> tuple[str, ...]:
    """Return what installed packages add to a group, by name, in order."""
    return tuple(sorted({entry.name for entry in _entries(group)}))


def plugin_package(group: Group, name: str) -> str | None:
    """Return the package that adds a name to a group, None where none does; imports nothing.

    Raises:
        PluginError: Two packages add it.
    """
    entry = _find(group, name)
    return None if entry is None else _package_of(entry)


def load_plugin(group: Group, name: str, kind: type[Kind]) -> Kind | None:
    """Import what a package adds under a name, None where none does.

    Args:
        group: The group of entry points.
        name: The entry point's name.
        kind: What must stand there.

    Raises:
        PluginError: Two packages add it, it cannot be imported, or is something else.
    """
    entry = _find(group, name)
    if entry is None:
        return None
    try:
        found = entry.load()
    except FAULTS as error:  # whatever another package's module does when it is imported
        raise not_imported(_package_of(entry), entry.value, error) from error
    if not isinstance(found, kind):
        raise PluginError(
            f"the plugin {_package_of(entry)}: {entry.value} is a {type(found).__name__}; {group} takes a "
            f"{kind.__name__}."
        )
    return found


def load_plugins(group: Group, kind: type[Kind], *, besides: Collection[str] = ()) -> dict[str, Kind]:
    """Import all that installed packages add to a group, by name, in order; names in `besides` are left alone.

    Raises:
        PluginError: As in `load_plugin`.
    """
    found = {name: load_plugin(group, name, kind) for name in plugin_names(group) if name not in besides}
    return {name: each for name, each in found.items() if each is not None}


def not_imported(package: str, where: str, error: BaseException) -> PluginError:
    """Return what to raise when importing a plugin raised an error."""
    return PluginError(f"the plugin {package} ({where}) cannot be imported: {_words(error)}.")


def installed_version(package: str) -> str | None:
    """Return the version of an installed package, None where it is not installed; imports nothing of it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def owner(thing: object) -> str | None:
    """Return the package whose plugin a class, a function or an object is from; None where it is no plugin's."""
    entry = _entry_of(str(getattr(thing, "__module__", "")))
    return None if entry is None else _package_of(entry)


@contextlib.contextmanager
def asking(package: str | None, what: str, faults: tuple[type[BaseException], ...] = FAULTS) -> Iterator[None]:
    """Name a package in whatever goes wrong in the block, which runs its code and checks what that returned.

    Errors of Plaudit's own come as they are: a plugin that refuses something says so with one. Nor does anything change
    where the package is no plugin's (None, or Plaudit itself).

    Args:
        package: Whose code it is.
        what: What it was asked for, to follow "asked for".
        faults: What is taken for a fault of it; all else comes as it is.

    Raises:
        PluginError: Something went wrong.
    """
    try:
        yield
    except PlauditError:
        raise
    except faults as error:
        if package in (None, "plaudit"):
            raise
        raise PluginError(
            _raised_by(error) or f"the plugin {package} failed when asked for {what}: {_words(error)}."
        ) from error


def fault_of_plugin(error: BaseException) -> str | None:
    """Return in a line which plugin raised an error, and where; None when none was at work.

    Where code of ours raised it, the line names the plugin whose object that code had: what a reader yields, for
    example, fails only when it is read.
    """
    return _raised_by(error) or _raised_with(error)


def _raised_by(error: BaseException) -> str | None:
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if (entry := _entry_of(str(frame.f_globals.get("__name__", "")))) is not None:
            return f"the plugin {_package_of(entry)} failed at {_place(frame, line)}: {_words(error)}."
    return None


def _raised_with(error: BaseException) -> str | None:
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        for each in (*frame.f_locals.values(), *getattr(frame.f_locals.get("self"), "__dict__", {}).values()):
            if (entry := _entry_of(type(each).__module__)) is not None:
                return (
                    f"the plugin {_package_of(entry)} ({type(each).__name__}), or Plaudit with it, failed at "
                    f"{_place(frame, line)}: {_words(error)}."
                )
    return None


def _words(error: BaseException) -> str:
    """Return an error in a line, without a full stop at its end."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".:")


def _place(frame: FrameType, line: int) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{line}"


def _entry_of(module: str) -> EntryPoint | None:
    """Return the entry point of the package that a module is of, None for ours and for all others."""
    top = module.partition(".")[0]
    if top == "plaudit" or top in sys.stdlib_module_names:
        return None
    return next(
        (entry for group in get_args(Group) for entry in _entries(group) if entry.module.partition(".")[0] == top), None
    )


def _entries(group: Group) -> tuple[EntryPoint, ...]:
    """Return what installed packages add to a group, read again where a folder of packages has changed."""
    return _read(tuple((place, _changed_at(place)) for place in sys.path))[group]


@functools.lru_cache(maxsize=1)
def _read(places: tuple[tuple[str, int], ...]) -> dict[Group, tuple[EntryPoint, ...]]:
    """Read the metadata of all packages on the path; of two hundred it takes 50 ms, so not for each question."""
    from importlib.metadata import entry_points  # not before a plugin is asked for

    found = entry_points()
    return {group: tuple(found.select(group=group)) for group in get_args(Group)}


def _changed_at(place: str) -> int:
    try:
        return Path(place or ".").stat().st_mtime_ns
    except OSError:  # a zip archive's inside, or nothing
        return 0


def _find(group: Group, name: str) -> EntryPoint | None:
    found = {(entry.value, _package_of(entry)): entry for entry in _entries(group) if entry.name == name}
    if len(found) > 1:
        packages = " and ".join(sorted(package for _, package in found))
        raise PluginError(f"{name!r} is added to {group} more than once: by {packages}; uninstall all but one.")
    return next(iter(found.values()), None)


def _package_of(entry: EntryPoint) -> str:
    return "?" if entry.dist is None else entry.dist.name
