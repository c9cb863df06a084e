"""The rules that a model had before, in its own folder, so that a change can be undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.app.output_files import write_whole
from plaudit.errors import ModelError
from plaudit.models.rules import DecisionRule, rule_from_manifest

if TYPE_CHECKING:
    from plaudit.models import Classifier

HISTORY = "rule_history.json"
_MOST = 50  # rules that are kept


def remember_rule(folder: Path, rule: DecisionRule | None) -> None:
    """Put the rule that a model has until now, None for none, at the end of its history."""
    entries = [*_read(folder), {"rule": None if rule is None else rule.to_dict()}][-_MOST:]
    write_whole(folder / HISTORY, (json.dumps(entries, indent=1) + "\n").encode())


def last_rule(folder: Path, classifier: Classifier) -> DecisionRule | None:
    """Return the rule before the last change, and take it from the history.

    Raises:
        ModelError: There is none to go back to, or the history is damaged.
    """
    entries = _read(folder)
    if not entries:
        raise ModelError(f"{folder}: its rule was never changed by `plaudit threshold --apply`; nothing to undo.")
    last = entries.pop()
    where = str(folder / HISTORY)
    if not isinstance(last, dict):
        raise ModelError(f"{where}: damaged; remove it, and take a rule back with --reset.")
    rule = rule_from_manifest(
        last.get("rule"), len(classifier.classes_), multi_label=classifier.multi_label_, where=where
    )
    if entries:
        write_whole(folder / HISTORY, (json.dumps(entries, indent=1) + "\n").encode())
    else:
        (folder / HISTORY).unlink(missing_ok=True)
    return rule


def _read(folder: Path) -> list[Any]:  # Any: JSON
    path = folder / HISTORY
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: damaged or not JSON ({error}); remove it, and take a rule back with --reset."
        ) from error
    return found if isinstance(found, list) else []
