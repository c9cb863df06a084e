"""Run an export as a stranger would: with its own program, from what lies in the folder, without the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.errors import require
from plaudit.interop.ids import FlatIds, flat_spellings, flat_token_ids, read_tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ExportAnswers:
    """What an export says of N texts.

    Attributes:
        probabilities: float64 [N, C].
        labels: [N], or, multi-label, an indicator [N, C]; None where an export gives none.
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[Any] | None


def open_export(folder: Path, to: str, *, multi_label: bool = False) -> Callable[[Sequence[str]], ExportAnswers]:
    """Return what answers texts through the export in `folder`; `multi_label` says what Keras's logits mean."""
    match to:
        case "onnx":
            return _open_onnx(folder)
        case "savedmodel":
            return _open_savedmodel(folder)
        case _:
            return _open_keras(folder, multi_label=multi_label)


def _open_onnx(folder: Path) -> Callable[[Sequence[str]], ExportAnswers]:
    runtime = require("onnxruntime", extra="onnx", purpose="Checking an ONNX export")
    session = runtime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    takes = {each.name for each in session.get_inputs()}

    def answer(texts: Sequence[str]) -> ExportAnswers:
        if "text" in takes:
            feed = {"text": np.array(texts, dtype=object)}
        else:
            flat = _ids_beside(folder, texts)
            feed = {"ids": flat.ids, "offsets": flat.offsets}
            if "characters" in takes:
                feed |= asdict(flat_spellings(read_tokens(folder / "tokens.json"), texts))
        probabilities, labels = session.run(["probabilities", "label"], feed)
        return ExportAnswers(probabilities.astype(np.float64), labels)

    return answer


def _open_savedmodel(folder: Path) -> Callable[[Sequence[str]], ExportAnswers]:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]
    takes_text = "text" in signature.structured_input_signature[1]

    def answer(texts: Sequence[str]) -> ExportAnswers:
        if takes_text:
            found = signature(text=tf.constant(texts, tf.string))
        else:
            flat = _ids_beside(folder, texts)
            found = signature(ids=tf.constant(flat.ids), offsets=tf.constant(flat.offsets))
        labels = found["label"].numpy()
        if labels.dtype == object:
            labels = np.array([label.decode() for label in labels])
        return ExportAnswers(found["probabilities"].numpy().astype(np.float64), labels)

    answer.loaded = loaded  # type: ignore[attr-defined]  # a signature does not keep its model alive
    return answer


def _open_keras(folder: Path, *, multi_label: bool) -> Callable[[Sequence[str]], ExportAnswers]:
    import keras

    import plaudit.interop.keras  # noqa: F401 - makes its layer known to Keras
    from plaudit.training.losses import probabilities

    loaded = keras.saving.load_model(folder / "model.keras")
    first = loaded.layers[0]

    def answer(texts: Sequence[str]) -> ExportAnswers:
        if first.inputs == "text":
            import tensorflow as tf

            given = tf.constant(texts, tf.string)
        else:
            given = first.token_ids(texts)
        logits = keras.ops.convert_to_numpy(loaded(given))
        return ExportAnswers(probabilities(logits, multi_label=multi_label), None)

    return answer


def _ids_beside(folder: Path, texts: Sequence[str]) -> FlatIds:
    """Make ids from the tokenizer that lies beside the model."""
    if (folder / "tokens.json").is_file():
        return flat_token_ids(read_tokens(folder / "tokens.json"), texts)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = [e.ids for e in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    offsets = np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(np.int64)
    return FlatIds(np.array([i for text in ids for i in text], np.int64), offsets)
