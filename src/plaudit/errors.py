"""Every error that Plaudit raises on purpose.

    PlauditError
    ├── ConfigError        settings that are unknown, out of range or contradict each other   (ValueError)
    ├── DataError          a data set or file cannot be read, or does not hold what is needed  (ValueError)
    ├── FetchError         a download failed, or what arrived is not what was expected         (OSError)
    ├── EmbeddingError     an embedding is unknown, unreadable or does not fit                 (ValueError)
    ├── ModelError         a model folder is missing, damaged, foreign or of a newer format    (ValueError)
    ├── LimitError         what comes from outside is larger, or takes longer, than is taken on         (ValueError)
    ├── PluginError        what an installed package adds cannot be imported or used            (ValueError)
    ├── MissingExtraError  an optional dependency is not installed                             (ImportError)
    └── NotFittedError     a classifier was asked before it was fitted                         (ValueError)

A message is one sentence or two: what failed, where, what was expected, what was found, what to do next. The
command line prints it as one line and exits with code 2.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_OURS = str(Path(__file__).parent)


class PlauditError(Exception):
    """The root: catch this to catch whatever Plaudit raises on purpose."""


class ConfigError(PlauditError, ValueError):
    """Settings that are unknown, out of range or contradict each other."""


class DataError(PlauditError, ValueError):
    """A data set or file cannot be read, or does not hold what is needed."""


class FetchError(PlauditError, OSError):
    """A download failed, or what arrived is not what was expected."""


class EmbeddingError(PlauditError, ValueError):
    """An embedding is unknown, unreadable or does not fit."""


class ModelError(PlauditError, ValueError):
    """A model folder is missing, damaged, foreign or of a newer format."""


class LimitError(PlauditError, ValueError):
    """What comes from outside is larger, or takes longer, than is taken on (`plaudit.budget`).

    Attributes:
        limit: Which limit: a field of `Budget`, "seconds" or "cancelled".
    """

    def __init__(self, message: str, *, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class PluginError(PlauditError, ValueError):
    """What an installed package adds cannot be imported, or is not what it should be."""


class MissingExtraError(PlauditError, ImportError):
    """An optional dependency is not installed, or cannot be imported."""


class NotFittedError(PlauditError, ValueError):
    """A classifier was asked for something that only a fitted one can give."""


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional dependency, or say which extra brings it.

    Args:
        module: Dotted name, for example ``"matplotlib.figure"``.
        extra: The extra in ``pyproject.toml`` that installs it.
        purpose: What it is needed for, as the start of a sentence: ``"Drawing the curves"``.

    Raises:
        MissingExtraError: The module, or one that it needs, is not installed, or is and cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        package = (getattr(error, "name", None) or module).partition(".")[0]
        if _is_installed(package):  # it is damaged, or memory is short: the command line tells which
            reason = " ".join(str(error).split())[:200]
            raise MissingExtraError(
                f"{purpose} needs {package}, which is installed but cannot be imported ({reason}); install it again: "
                f"pip install --force-reinstall {package}"
            ) from error
        raise MissingExtraError(
            f"{purpose} needs {package}, which is not installed: pip install 'plaudit[{extra}]'"
        ) from error


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # kept away by who runs this, as tests do
        return False


def outside() -> int:
    """Return the `stacklevel` with which a warning points at the caller's own line, past all of Plaudit's frames."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        level, frame = level + 1, frame.f_back
    return level
