"""Write a trained network for another program: checked on real texts before it stands, whole or not at all.

An export is a folder. `export.json` in it says what it is, what it takes and how the check went; what a program that
makes its own token ids needs lies beside the model.

The decision to question: rounding and dropping vectors happens first (`prepare`), on a copy of the model. The check
then asks whether the other program gives that copy's probabilities, to 1e-5 whatever the precision; what rounding costs
is a matter of the copy alone.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from plaudit.data.dataset import as_text_column
from plaudit.data.publish import publish_folder
from plaudit.errors import ModelError
from plaudit.interop import onnx, tensorflow_text
from plaudit.interop.compact import Precision, StoredVectors, keep_rows, store
from plaudit.interop.ids import write_tokens
from plaudit.interop.networks import as_network
from plaudit.interop.running import open_export
from plaudit.text import WordPieceTokenizer
from plaudit.text.wordpiece import load_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.embeddings.table import EmbeddingTable
    from plaudit.models import Classifier, DecisionRule, NetworkClassifier

Target = Literal["savedmodel", "keras", "onnx"]
TARGETS: tuple[str, ...] = get_args(Target)
TOLERANCE = 1e-5  # the largest difference in a probability; float32 sums in another order differ by about 1e-7
_BATCH = 64  # Keras pads ids to the longest text
DESCRIPTION = "export.json"
TOKENIZER, TOKENS = "tokenizer.json", "tokens.json"
# Every check has these too: what tokenizers disagree about.
EDGE_TEXTS = ("", " ", "  two  spaces ", "\ttab\nline", "naïve café", "“quoted” — isn't it?", "🎬👍🏽", "ΟΔΟΣ İstanbul")


@dataclass(frozen=True)
class Prepared:
    """A network as it will be exported.

    Attributes:
        model: A copy whose vectors are the rounded, pruned ones.
        stored: Its vectors as the export keeps them.
        rule: The decision rule that the model was given without: an export's label is the most probable class's.
    """

    model: NetworkClassifier
    stored: StoredVectors
    rule: DecisionRule | None = None


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        folder: Where.
        takes: "text" or "ids".
        reason: Why ids, where it takes ids; None for text.
        difference: The largest difference in a probability between the export and the model that was prepared.
        n_texts: The number of texts in that check.
        size_bytes: All files together.
    """

    folder: Path
    takes: Literal["text", "ids"]
    reason: str | None
    difference: float
    n_texts: int
    size_bytes: int


def prepare(model: Classifier, *, precision: Precision = "float32", kept: NDArray[np.bool_] | None = None) -> Prepared:
    """Return a copy of a network with fewer rows or rounded vectors; the model itself is left as it is.

    The copy has no decision rule: whoever runs the export applies it to the probabilities.

    Args:
        model: A fitted `NetworkClassifier`.
        precision: How the vectors are stored.
        kept: Which known tokens to keep, bool [K]; None for all.

    Raises:
        ConfigError: It is another kind of classifier.
        NotFittedError: It is not fitted.
        EmbeddingError: A vector does not fit into float16.
    """
    network = as_network(model)
    table = network.table_ if kept is None else keep_rows(network.table_, kept)
    stored = store(table.vectors, precision)
    smaller = copy.copy(network)
    smaller.table_ = table.with_vectors(stored.restored())
    smaller.rule_ = None
    return Prepared(smaller, stored, network.rule_)


def export_model(prepared: Prepared, to: Target, folder: str | Path, texts: object = ()) -> Export:
    """Write a network for another program, check it there, and put it in its place when it passes.

    Args:
        prepared: From `prepare`.
        to: "savedmodel", "keras" or "onnx".
        folder: Where the export goes; an earlier export there is replaced, anything else refused.
        texts: Real texts to check on, in addition to a few with rare characters.

    Raises:
        ModelError: The check failed, the place is taken, or writing failed; nothing is left behind.
        MissingExtraError: What it is exported for is not installed.
    """
    network, table = prepared.model, prepared.model.table_
    reason = refuse_text(table, to)

    def write(scratch: Path, column: Sequence[str]) -> float:
        _write(prepared, to, scratch, ids=reason is not None)
        return check_answers(network, to, scratch, column)

    return publish_export(
        folder, network, [*EDGE_TEXTS, *as_text_column(texts).to_pylist()], write,
        format=to, ids_because=reason, rule=prepared.rule,
        gives="logits" if to == "keras" else "probabilities and label",
        more={"embedding": table.name, "rows": len(table.vectors), "precision": prepared.stored.precision},
    )  # fmt: skip


def publish_export(
    folder: str | Path,
    model: Classifier,
    texts: Sequence[str],
    write: Callable[[Path, Sequence[str]], float],
    *,
    format: str,
    ids_because: str | None,
    rule: DecisionRule | None,
    gives: str,
    more: Mapping[str, object],
) -> Export:
    """Write an export where nobody sees it, check and describe it there, and put it in its place when it passes.

    Args:
        folder: Where the export goes; an earlier export there is replaced, anything else refused.
        model: What is exported.
        texts: Those of the check.
        write: Writes the files into a folder and returns the largest difference in a probability on the texts.
        format: What it is for, as `export.json` names it.
        ids_because: Why it takes token ids; None where it takes text.
        rule: The decision rule, which stays behind.
        gives: What it answers with.
        more: What else `export.json` says of the model.

    Raises:
        ModelError: The check failed, the place is taken, or writing failed; nothing is left behind.
    """
    import plaudit

    target = Path(folder)
    check_place(target)
    takes: Literal["text", "ids"] = "text" if ids_because is None else "ids"
    try:
        with publish_folder(target) as scratch:
            difference = write(scratch, texts)
            description = {
                "format": format,
                "plaudit_version": plaudit.__version__,
                "takes": takes,
                "classes": model.classes_.tolist(),
                "multi_label": model.multi_label_,
                "rule": None if rule is None else rule.to_dict(),
                "gives": gives,
                **more,
                "largest_difference": difference,
                "texts_checked": len(texts),
            }
            text = json.dumps(description, indent=2, ensure_ascii=False)
            (scratch / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{target}: the export could not be written ({error.strerror or error}).") from error
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Export(target, takes, ids_because, difference, len(texts), size)


def refuse_text(table: EmbeddingTable, to: Target) -> str | None:
    """Say why an export cannot take text, so that it takes token ids; None where it takes text."""
    match to:
        case "onnx":
            return onnx.refuse_text(table)
        case "savedmodel":
            return tensorflow_text.refuse_text(table)
        case "keras":
            from plaudit.interop import keras

            return keras.refuse_text(table)


def check_place(target: Path) -> None:
    """Refuse a place where an export would destroy something else.

    Raises:
        ModelError: `target` is a file, or a folder that is neither empty nor an export's.
    """
    if target.suffix in (".onnx", ".keras"):
        raise ModelError(f"{target}: an export is a folder, which holds model{target.suffix}: name a folder.")
    if target.is_dir():
        if any(target.iterdir()) and not (target / DESCRIPTION).is_file():
            raise ModelError(f"{target}: this folder holds something other than an export; name a new one.")
    elif target.exists():
        raise ModelError(f"{target} is a file; an export is a folder: name another place.")


def _write(prepared: Prepared, to: Target, folder: Path, *, ids: bool) -> None:
    match to:
        case "onnx":
            (folder / "model.onnx").write_bytes(onnx.to_onnx(prepared.model, prepared.stored).SerializeToString())
        case "savedmodel":
            from plaudit.interop.savedmodel import write_savedmodel

            write_savedmodel(prepared.model, prepared.stored, folder)
        case "keras":
            from plaudit.interop.keras import to_keras

            to_keras(prepared.model, stored=prepared.stored).save(folder / "model.keras")
    table = prepared.model.table_
    if not ids or to == "keras":  # a Keras layer makes its own
        return
    if isinstance(table.tokenizer, WordPieceTokenizer):
        definition = load_reference(table.tokenizer.definition).to_str()  # without truncation and special tokens
        (folder / TOKENIZER).write_text(definition, encoding="utf-8")
    else:
        write_tokens(table, folder / TOKENS)


def check_answers(model: Classifier, to: Target, folder: Path, texts: Sequence[str]) -> float:
    """Return the largest difference in a probability; raise when it, or a label, is not as it should be."""
    answer: Callable[[Sequence[str]], Any] = open_export(folder, to, multi_label=model.multi_label_)
    largest = 0.0
    for start in range(0, len(texts), _BATCH):
        part = texts[start : start + _BATCH]
        expected = model.predict_proba(part)
        found = answer(part)
        largest = max(largest, check_part(found.probabilities, expected, f"the {to} export", start))
        if model.multi_label_:
            is_clear = np.abs(expected - 0.5) > TOLERANCE
        else:
            top = np.sort(expected, axis=1)
            is_clear = top[:, -1] - top[:, -2] > 2 * TOLERANCE
        if found.labels is not None and (found.labels != model.predict(part))[is_clear].any():
            raise ModelError(f"the {to} export gives another label than the model. Nothing was written.")
    return largest


def check_part(found: NDArray[Any], expected: NDArray[Any], what: str, start: int) -> float:
    """Return the largest difference in a probability of N texts, [N, C] each; raise when it is too large.

    Args:
        found: What the export answers.
        expected: What the model answers.
        what: The export, in messages.
        start: The number of the first of these texts among all of the check.
    """
    difference = np.abs(found - expected)
    largest = float(difference.max()) if np.isfinite(difference).all() else np.inf
    if not largest <= TOLERANCE:
        worst = start + int(difference.max(axis=1).argmax())
        raise ModelError(
            f"{what} gives other probabilities than the model: they differ by {largest:.1e} on text {worst:,} of the "
            f"check, and {TOLERANCE:.0e} is allowed. Nothing was written."
        )
    return largest
