"""The Open Inference Protocol, version 2, over HTTP: health, metadata, inference."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

import plaudit
from plaudit.server.refusals import Refusal, error_responses, json_response
from plaudit.server.schemas import body_of
from plaudit.server.service import Service
from plaudit.server.v2_tensors import InferRequest, InferResponse, metadata_of, read_request, split_body, write_response

router = APIRouter(prefix="/v2", tags=["Open Inference Protocol v2"])


class Live(BaseModel):
    """Whether the process answers."""

    live: bool


class Ready(BaseModel):
    """Whether every model is loaded."""

    ready: bool


class ModelReady(Ready):
    """Whether a model is loaded."""

    name: str


class ServerMetadata(BaseModel):
    """What serves."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(BaseModel):
    """A tensor; -1 is any number of texts."""

    name: str
    datatype: str
    shape: list[int]
    parameters: dict[str, Any] | None = None


class ModelMetadata(BaseModel):
    """A model's tensors."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: dict[str, Any]


@router.get("", response_model=ServerMetadata)
async def server_metadata(request: Request) -> Response:
    """Say what serves."""
    return json_response({"name": "plaudit", "version": plaudit.__version__, "extensions": ["binary_tensor_data"]})


@router.get("/health/live", response_model=Live)
async def live(request: Request) -> Response:
    """Say that the process answers."""
    return json_response({"live": True})


@router.get("/health/ready", response_model=Ready, responses={503: {"model": Ready, "description": "Not yet."}})
async def ready(request: Request) -> Response:
    """Say whether every model is loaded."""
    service: Service = request.app.state.service
    return json_response({"ready": service.is_ready}, status=200 if service.is_ready else 503)


@router.get("/models/{name}", response_model=ModelMetadata, responses=error_responses(404))
@router.get("/models/{name}/versions/{version}", response_model=ModelMetadata, responses=error_responses(404))
async def model_metadata(request: Request, name: str, version: str | None = None) -> Response:
    """Describe a model's tensors."""
    service: Service = request.app.state.service
    return json_response(metadata_of(service.find(name, version)))


@router.get("/models/{name}/ready", response_model=ModelReady, responses=error_responses(404))
@router.get("/models/{name}/versions/{version}/ready", response_model=ModelReady, responses=error_responses(404))
async def model_ready(request: Request, name: str, version: str | None = None) -> Response:
    """Say whether a model is loaded."""
    service: Service = request.app.state.service
    return json_response({"name": service.find(name, version).name, "ready": True})


_INFER: dict[str, Any] = {
    "response_model": InferResponse,
    "response_model_exclude_none": True,
    "responses": error_responses(404, 422, 504),
    "openapi_extra": body_of(InferRequest),
}


@router.post("/models/{name}/infer", **_INFER)
@router.post("/models/{name}/versions/{version}/infer", **_INFER)
async def infer(
    request: Request,
    name: str,
    version: str | None = None,
    inference_header_content_length: Annotated[
        str | None,
        Header(
            description="How many bytes of the body are JSON, when tensors follow it in binary.",
            json_schema_extra={"pattern": "^[0-9]{1,15}$"},
        ),
    ] = None,
) -> Response:
    """Label texts given as a BYTES tensor."""
    service: Service = request.app.state.service
    if request.headers.get("content-encoding"):
        raise Refusal(422, "a compressed body is not taken; send it as it is.")
    loaded = service.find(name, version)
    head, tail = split_body(await request.body(), inference_header_content_length)
    asked, texts = await service.parsed(head, lambda: read_request(head, tail, service.limits.texts))
    request.state.texts = len(texts)
    found = await service.score(loaded, texts)
    return await service.written(found, lambda: write_response(loaded, asked, found))
