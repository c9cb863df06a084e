"""What Prometheus reads at /metrics: counts and times, nothing of what was sent.

With several workers each writes its figures into a file in the folder PROMETHEUS_MULTIPROC_DIR, and whichever worker
is asked adds them up (https://prometheus.github.io/client_python/multiprocess/).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LIVE = re.compile(r"gauge_live\w*_(\d+)\.db")


class ServerMetrics:
    """The server's figures."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.requests = Counter(
            "plaudit_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "plaudit_request_seconds",
            "From a request's head to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.refused = Counter("plaudit_refused", "Requests refused, by reason.", ["reason"], registry=registry)
        self.texts = Counter("plaudit_texts", "Texts scored.", ["model"], registry=registry)
        self.batch_texts = Histogram("plaudit_batch_texts", "Texts scored together.", buckets=_TEXTS, registry=registry)
        self.queue = Gauge(
            "plaudit_queue_requests",
            "Requests that wait for their scores.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.held = Gauge(
            "plaudit_held_bytes", "Bodies held in memory.", multiprocess_mode="livesum", registry=registry
        )
        self.loads = Counter(
            "plaudit_model_loads", "Versions loaded, by outcome.", ["model", "outcome"], registry=registry
        )

    def render(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is None:
            return generate_latest(self._registry)
        _forget_the_dead(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """Remove what dead workers said of themselves as they were; what they counted stays."""
    for path in folder.glob("gauge_live*.db"):
        found = _LIVE.fullmatch(path.name)
        if found is None:
            continue
        try:
            os.kill(int(found[1]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except PermissionError:  # alive, and someone else's
            continue
