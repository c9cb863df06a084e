"""The plain routes: texts in, answers out; a file in, a file out; why; which models; figures."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from plaudit.config import DataSpec
from plaudit.errors import ConfigError
from plaudit.models.answers import records
from plaudit.server.files import as_parameters, score_file
from plaudit.server.limits import LEFT
from plaudit.server.refusals import Refusal, error_responses, json_response
from plaudit.server.schemas import (
    ExplainRequest,
    ExplainResponse,
    ModelList,
    PredictRequest,
    PredictResponse,
    body_of,
    parse,
)
from plaudit.server.service import Service, facts_of
from plaudit.setting_values import meant

router = APIRouter(tags=["plain"])
_FORMATS = {"application/x-ndjson": "jsonl", "application/jsonl": "jsonl", "text/tab-separated-values": "tsv"}


@router.post(
    "/predict",
    response_model=PredictResponse,
    responses=error_responses(404, 422, 504),
    openapi_extra=body_of(PredictRequest),
)
async def predict(request: Request) -> Response:
    """Label texts: one answer for each, in order."""
    service: Service = request.app.state.service
    body = await request.body()
    asked = await service.parsed(body, lambda: parse(body, PredictRequest))
    request.state.texts = len(asked.texts)
    loaded = service.find(asked.model)
    found = await service.score(loaded, asked.texts)

    def written() -> Response:
        return json_response(
            {
                "model": loaded.name,
                "version": loaded.version,
                "rule_version": loaded.rule_version,
                "predictions": records(loaded.classifier, found),
            }
        )

    return await service.written(found, written)


@router.post(
    "/explain",
    response_model=ExplainResponse,
    responses=error_responses(404, 422, 501, 504),
    openapi_extra=body_of(ExplainRequest),
)
async def explain(request: Request) -> Response:
    """Label a few texts and give each word's share in the answer."""
    service: Service = request.app.state.service
    body = await request.body()
    asked = await service.parsed(body, lambda: parse(body, ExplainRequest))
    request.state.texts = len(asked.texts)
    loaded = service.find(asked.model)
    found, explanations, reasons = await service.explain(loaded, asked.texts, asked.label)
    answers = records(loaded.classifier, found)
    for answer, of_text, doubt in zip(answers, explanations, reasons, strict=True):
        if doubt is not None:
            answer["reason"] = f"no answer: {doubt}"
        answer["explanations"] = []
        for one in of_text:
            record = {"against": one.against, **one.to_dict()}
            for known in ("text", "row", "predicted"):  # the client has them
                del record[known]
            answer["explanations"].append(record)
    return json_response({"model": loaded.name, "version": loaded.version, "answers": answers})


@router.post(
    "/predict/file",
    response_class=Response,
    responses={
        200: {
            "description": "The rows with further columns: the prediction, its probability, and why a row has none.",
            "content": {name: {"schema": {"type": "string"}} for name in ("text/csv", "application/x-ndjson")},
        },
        **error_responses(404, 415, 422, 504),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {name: {"schema": {"type": "string"}} for name in ("text/csv", "application/x-ndjson")},
            "description": "A CSV, TSV or JSON Lines file; `plaudit predict -i` reads it in the same way.",
        }
    },
)
async def predict_file(
    request: Request,
    model: Annotated[str | None, Query(description="Which model; optional if only one is served.")] = None,
    format: Annotated[
        str | None,
        Query(
            description="csv, tsv or jsonl; by default from the content type, else csv.", pattern="^(csv|tsv|jsonl)$"
        ),
    ] = None,
    text_column: Annotated[
        list[str] | None, Query(description="The column of the texts; by default found by name, then by content.")
    ] = None,
    delimiter: Annotated[str | None, Query(description="Between fields; by default found by looking.")] = None,
    encoding: Annotated[str | None, Query(description="Of the file; by default UTF-8, or by its mark.")] = None,
    header: Annotated[bool | None, Query(description="Whether the first line names the columns.")] = None,
) -> Response:
    """Label the rows of a file: the same rows, in order, with the columns "prediction", "probability" and "reason"."""
    service: Service = request.app.state.service
    loaded = service.find(model)
    left: threading.Event = getattr(request.state, LEFT)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise Refusal(415, "expected the file itself as the body, got a form; with curl, --data-binary @FILE, not -F.")
    try:
        columns = tuple(text_column or ()) or None
        spec = DataSpec(text_column=columns, delimiter=meant(delimiter), encoding=encoding, header=header)
    except ConfigError as error:
        raise Refusal(422, as_parameters(str(error))) from None
    scored = await score_file(service, loaded, await request.body(), format or _FORMATS.get(kind, "csv"), spec, left)
    request.state.texts = scored.n_rows
    return Response(scored.content, media_type=scored.media_type, headers={"X-Rows": str(scored.n_rows)})


@router.get("/models", response_model=ModelList)
async def models(request: Request) -> Response:
    """List the models."""
    service: Service = request.app.state.service
    return json_response({"models": [facts_of(model) for model in service.models.values()]})


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus's text format.", "content": {CONTENT_TYPE_LATEST: {}}}},
)
def metrics(request: Request) -> Response:
    """Give the figures to Prometheus."""
    service: Service = request.app.state.service
    return Response(service.metrics.render(), media_type=CONTENT_TYPE_LATEST)
