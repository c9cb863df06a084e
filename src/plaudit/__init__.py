"""Plaudit turns labelled text into a classifier that its owner can trust.

    import plaudit

    splits = plaudit.load_dataset("sample")
    model = plaudit.NetworkClassifier().fit(splits.train.texts, splits.train.label_names())
    print(plaudit.evaluate(model, splits.test).accuracy)
    model.save("my-model")
    plaudit.load("my-model").predict(["A joy, every minute of it."])

The names below are loaded when first used: importing plaudit imports no torch, no numba and no pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plaudit.lazy import lazy

if TYPE_CHECKING:
    from plaudit.data import Dataset, Splits, load_dataset, read_file
    from plaudit.data.label_findings import LabelWarning
    from plaudit.embeddings import EmbeddingTable, load_embedding
    from plaudit.errors import PlauditError
    from plaudit.evaluation import Metrics, MultiLabelMetrics, choose_rule, evaluate
    from plaudit.explanation import Explanation, explain
    from plaudit.models import (
        BlendClassifier,
        DecisionRule,
        DistilledClassifier,
        EncoderClassifier,
        NetworkClassifier,
        NgramClassifier,
        load,
    )
    from plaudit.report import plot_curves

__version__ = "0.1.0"

_HOMES = {
    "BlendClassifier": "plaudit.models.blend",
    "Dataset": "plaudit.data",
    "DecisionRule": "plaudit.models.rules",
    "DistilledClassifier": "plaudit.models.distilled",
    "EmbeddingTable": "plaudit.embeddings",
    "EncoderClassifier": "plaudit.models.encoder",
    "Explanation": "plaudit.explanation",
    "LabelWarning": "plaudit.data.label_findings",
    "Metrics": "plaudit.evaluation",
    "MultiLabelMetrics": "plaudit.evaluation",
    "NetworkClassifier": "plaudit.models.network",
    "NgramClassifier": "plaudit.models.ngram",
    "PlauditError": "plaudit.errors",
    "Splits": "plaudit.data",
    "choose_rule": "plaudit.evaluation",
    "evaluate": "plaudit.evaluation",
    "explain": "plaudit.explanation",
    "load": "plaudit.models",
    "load_dataset": "plaudit.data",
    "load_embedding": "plaudit.embeddings",
    "plot_curves": "plaudit.report",
    "read_file": "plaudit.data",
}

__all__ = [
    "BlendClassifier",
    "Dataset",
    "DecisionRule",
    "DistilledClassifier",
    "EmbeddingTable",
    "EncoderClassifier",
    "Explanation",
    "LabelWarning",
    "Metrics",
    "MultiLabelMetrics",
    "NetworkClassifier",
    "NgramClassifier",
    "PlauditError",
    "Splits",
    "__version__",
    "choose_rule",
    "evaluate",
    "explain",
    "load",
    "load_dataset",
    "load_embedding",
    "plot_curves",
    "read_file",
]


__getattr__ = lazy(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
