"""TensorFlow Serving's REST paths, for clients that speak them already.

https://www.tensorflow.org/tfx/serving/api_rest: `instances` are answered row by row under "predictions", `inputs`
column by column under "outputs".
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from plaudit.server.refusals import Refusal, error_responses, json_response
from plaudit.server.schemas import V1Request, V1Response, V1Texts, body_of, parse
from plaudit.server.service import Service

RULE_HEADER = "Plaudit-Rule-Version"  # the body is as TensorFlow Serving has it

router = APIRouter(prefix="/v1/models", tags=["TensorFlow Serving v1"])


# Before the path of a model, which would match too, and would be asked which methods this one takes.
@router.post(
    "/{name}:predict",
    response_model=V1Response,
    response_model_exclude_none=True,
    responses=error_responses(404, 422, 504),
    openapi_extra=body_of(V1Request),
)
async def predict(request: Request, name: str) -> Response:
    """Label texts: one answer for each, in order; a header says which decision rule answered, if one did."""
    service: Service = request.app.state.service
    body = await request.body()
    asked = await service.parsed(body, lambda: parse(body, V1Request))
    if (asked.instances is None) == (asked.inputs is None):
        raise Refusal(422, "give either instances or inputs, a list of texts.")
    if asked.instances is not None:
        texts = [entry if isinstance(entry, str) else entry.text for entry in asked.instances]
    else:
        assert asked.inputs is not None
        texts = asked.inputs.text if isinstance(asked.inputs, V1Texts) else asked.inputs
    request.state.texts = len(texts)
    loaded = service.find(name)
    found = await service.score(loaded, texts)
    headers = None if loaded.rule_version is None else {RULE_HEADER: loaded.rule_version}

    def written() -> Response:
        rows = found.probabilities.tolist()
        if asked.instances is None:
            return json_response({"outputs": {"label": found.labels, "probabilities": rows}}, headers=headers)
        answers = [{"label": label, "probabilities": row} for label, row in zip(found.labels, rows, strict=True)]
        return json_response({"predictions": answers}, headers=headers)

    return await service.written(found, written)


@router.get("/{name}", responses=error_responses(404))
async def status(request: Request, name: str) -> Response:
    """Say which version of a model is loaded."""
    service: Service = request.app.state.service
    version = service.find(name).version
    state = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    return json_response({"model_version_status": [{"version": version, **state}]})
