"""What every route needs: the models by name, the queue before them, and the limits on texts.

This module knows nothing of paths and JSON.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.models.answers import Answering, answer, doubts
from plaudit.server.batcher import Batcher
from plaudit.server.json_values import has_more_values
from plaudit.server.logs import describe_fault
from plaudit.server.metrics import ServerMetrics
from plaudit.server.refusals import Refusal
from plaudit.server.workroom import Workroom

if TYPE_CHECKING:
    from plaudit.explanation import Explanation
    from plaudit.server.served_model import Loaded, ServedModel
    from plaudit.server.settings import Limits

T = TypeVar("T")
_logger = logging.getLogger(__name__)
_POLL_S = 1.0
_READERS = 2  # threads: a file's reader takes a core, and scoring needs some, too
_FEW_NUMBERS = 2_000  # probabilities that are written in milliseconds
_MOST_ANSWER_BYTES = 1 << 25  # of JSON, roughly
_MOST_FILE_NUMBERS = 1 << 25  # probabilities of a file's rows, which are held until it is written
_SMALL_BYTES = 1 << 17  # of JSON: parsed in milliseconds, whatever it holds
_LARGE_BYTES = 1 << 20
_VALUES_A_TEXT, _MORE_VALUES = 3, 1_000  # commas and brackets: {"text": …}, or a list of its own


class Service:
    """Models that answer.

    Attributes:
        models: By name, in the order that they were given.
        limits: What is taken on.
        metrics: The figures.
        batcher: The scoring thread and its queue.
        readers: The threads that read and write files.
        writers: The thread that reads and writes large JSON, so that it never waits for a file.
    """

    def __init__(self, models: Sequence[ServedModel], limits: Limits) -> None:
        self.models = {model.name: model for model in models}
        self.limits, self.metrics = limits, ServerMetrics()
        self.batcher = Batcher(limits, self.metrics)
        self.readers = Workroom(_READERS, most_waiting=limits.queue, name="reads")
        self.writers = Workroom(1, most_waiting=limits.queue, name="writes")
        self._pollers = {name: Workroom(1, name=f"polls-{name}") for name in self.models}
        self._watchers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load what is not loaded yet, and begin to score and to watch the folders."""
        self.batcher.start()
        for model in self.models.values():
            if model.current is None:
                await self._poll(model)
        self._watchers = [asyncio.create_task(self._watch(model)) for model in self.models.values()]

    async def stop(self) -> None:
        """End, without waiting for what a thread is at."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await self.batcher.stop()
        for room in (self.readers, self.writers, *self._pollers.values()):
            room.close()

    async def _watch(self, model: ServedModel) -> None:
        """Look at a folder again and again: each by itself, for one that never finishes must not blind the others."""
        while True:
            await asyncio.sleep(_POLL_S)
            try:
                await self._poll(model)
            except Exception as error:  # such as no thread to look with; the next look may have one
                _logger.error("model not looked at", extra={"model": model.name, "fault": describe_fault(error)})

    async def _poll(self, model: ServedModel) -> None:
        outcome = await self._pollers[model.name].run(model.poll)
        if outcome is not False:
            self.metrics.loads.labels(model.name, "loaded" if outcome else "failed").inc()

    async def parsed(self, json: bytes, function: Callable[[], T]) -> T:
        """Return what `function` makes of a body's JSON, a large one's off the event loop.

        Raises:
            Refusal: It holds more values than any request that would be taken (422), or what `function` raises.
        """
        most = _VALUES_A_TEXT * self.limits.texts + _MORE_VALUES

        def counted() -> T:
            if has_more_values(json, most):
                raise Refusal(
                    422, f"more texts and other values than a request may have; at most {self.limits.texts:,} texts "
                    "are accepted.", reason="texts",
                )  # fmt: skip
            return function()

        if len(json) <= _SMALL_BYTES:
            return function()
        return counted() if len(json) <= _LARGE_BYTES else await self.writers.run(counted)

    async def written(self, found: Answering, function: Callable[[], T]) -> T:
        """Return what `function` makes of answers, JSON or tensors: of many numbers off the event loop."""
        return function() if found.probabilities.size <= _FEW_NUMBERS else await self.writers.run(function)

    @property
    def is_ready(self) -> bool:
        """Whether every model has a version that answers."""
        return all(model.current is not None for model in self.models.values())

    def find(self, name: str | None, version: str | None = None) -> Loaded:
        """Return the version of a model that answers now; without a name the only model's.

        Raises:
            Refusal: There is none of that name or version (404), several without a name (422), or it is not loaded
                (503).
        """
        names = ", ".join(self.models)
        if name is None:
            if len(self.models) > 1:
                raise Refusal(422, f'several models are served ({names}): say which, as "model".')
            name = next(iter(self.models))
        model = self.models.get(name)
        if model is None:
            raise Refusal(404, f"there is no model {name[:100]!r}; there are {names}.", reason="model")
        if model.current is None:
            raise Refusal(503, f"the model {name!r} is not loaded.", reason="model", retry=True)
        if version is not None and version != model.current.version:
            raise Refusal(
                404, f"the model {name!r} answers as version {model.current.version}, not {version[:100]!r}.",
                reason="model",
            )  # fmt: skip
        return model.current

    def texts(self, given: Sequence[str] | pa.LargeStringArray, most: int) -> pa.LargeStringArray:
        """Return texts as a column, when they are within the limits.

        Raises:
            Refusal: There are more than `most`, or one is too long (422).
        """
        if len(given) > most:
            raise Refusal(422, f"{len(given):,} texts in a request; at most {most:,} are accepted.", reason="texts")
        column = given if isinstance(given, pa.LargeStringArray) else pa.array(given, pa.large_string())
        longest = pc.max(pc.utf8_length(column)).as_py() or 0
        if longest > self.limits.text_characters:
            raise Refusal(
                422, f"a text has {longest:,} characters; at most {self.limits.text_characters:,} are accepted.",
                reason="characters",
            )  # fmt: skip
        return column

    def check_file(self, loaded: Loaded, n: int) -> None:
        """Refuse a file of `n` rows whose probabilities take too much memory (422)."""
        if (most := _MOST_FILE_NUMBERS // max(len(loaded.classifier.class_names), 1)) < n:
            raise _too_many(n, most, "a file")

    def _check_answer(self, loaded: Loaded, n: int) -> None:
        if (most := _MOST_ANSWER_BYTES // loaded.answer_bytes) < n:
            raise _too_many(n, most, "a request")

    async def score(self, loaded: Loaded, given: Sequence[str]) -> Answering:
        """Return the answers to a request's texts; errors as `texts` and the batcher's."""
        column = self.texts(given, self.limits.texts)
        self._check_answer(loaded, len(column))
        return await self.batcher.score(loaded, column, timeout_s=self.limits.timeout_s)

    async def explain(
        self, loaded: Loaded, given: Sequence[str], label: object
    ) -> tuple[Answering, list[list[Explanation]], list[str | None]]:
        """Return the answers, each text's explanations, and why not to rely on its answer."""
        column = self.texts(given, self.limits.explained_texts)
        self._check_answer(loaded, len(column))

        def explained() -> Any:  # Any: the tuple above, through a thread
            from plaudit.explanation import explain

            by_text: list[list[Explanation]] = [[] for _ in range(len(column))]
            for one in explain(loaded.classifier, column, label) if len(column) else ():
                by_text[one.row].append(one)
            found = answer(loaded.classifier, column, with_reasons=False)
            return found, by_text, doubts(loaded.classifier, column)

        found: tuple[Answering, list[list[Explanation]], list[str | None]] = await self.batcher.run(
            explained, timeout_s=self.limits.timeout_s
        )
        self.metrics.texts.labels(loaded.name).inc(len(column))
        return found


def _too_many(n: int, most: int, what: str) -> Refusal:
    return Refusal(
        422, f"{n:,} texts in {what}; of a model with so many classes at most {most:,} are answered at once.",
        reason="texts",
    )  # fmt: skip


def facts_of(model: ServedModel) -> dict[str, Any]:
    """Return what is told of a model, as JSON values."""
    current = model.current
    if current is None:
        return {
            "name": model.name, "version": None, "kind": None, "classes": [], "multi_label": False, "rule": None
        }  # fmt: skip
    classifier = current.classifier
    rule = classifier.rule_
    return {
        "name": model.name,
        "version": current.version,
        "kind": classifier.kind,
        "classes": classifier.classes_.tolist(),
        "multi_label": classifier.multi_label_,
        "rule": None if rule is None else rule.describe(classifier.class_names),
    }
