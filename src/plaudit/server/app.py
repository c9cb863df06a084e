"""The application: routes, the gate and the journal around them, and OpenAPI's description of it all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import Response

import plaudit
from plaudit.server import routes_page, routes_plain, routes_v1, routes_v2
from plaudit.server.journal import Journal
from plaudit.server.limits import Gate
from plaudit.server.refusals import Refusal, error_responses, json_response
from plaudit.server.schemas import ExplainRequest, PredictRequest, V1Request
from plaudit.server.service import Service
from plaudit.server.settings import Limits
from plaudit.server.v2_tensors import InferRequest

if TYPE_CHECKING:
    from plaudit.server.served_model import ServedModel

_BODIES = (PredictRequest, ExplainRequest, V1Request, InferRequest)


def create_app(
    models: Sequence[ServedModel],
    limits: Limits | None = None,
    *,
    keys: Collection[str] = (),
    hosts: Collection[str] | None = None,
) -> FastAPI:
    """Return an ASGI application that serves models.

    Args:
        models: One or more; what is not loaded yet is loaded when the application starts.
        limits: What is taken on; None for the defaults.
        keys: API keys, one of which a request must name; none: everybody is served.
        hosts: The names, without a port, that a request may call the server by; None: any.
    """
    limits = limits or Limits()
    service = Service(models, limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = FastAPI(
        title="Plaudit",
        description='Labels texts. Every error is {"error": …}.',
        version=plaudit.__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page loads its script from another host
        redoc_url=None,
        responses=error_responses(),
        redirect_slashes=False,
    )
    app.state.service = service
    for routes in (routes_plain, routes_v1, routes_v2, routes_page):
        app.include_router(routes.router)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _wrong_parameters)
    app.add_exception_handler(Refusal, _refused)
    app.add_middleware(Gate, limits=limits, metrics=service.metrics, keys=tuple(keys), hosts=hosts)
    app.add_middleware(Journal, metrics=service.metrics)
    _describe(app, has_keys=bool(keys))
    return app


def _describe(app: FastAPI, *, has_keys: bool) -> None:
    """Put into /openapi.json what FastAPI does not see: the bodies, which are read by hand, and the keys."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = described()
            _, bodies = models_json_schema(
                [(kind, "validation") for kind in _BODIES], ref_template="#/components/schemas/{model}"
            )
            document["components"]["schemas"] |= bodies["$defs"]
            if has_keys:
                document["components"]["securitySchemes"] = {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                }
                document["security"] = [{"bearer": []}, {"header": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    what = {404: "there is no such path; /openapi.json lists them.", 405: "this path does not take that method."}
    message = what.get(error.status_code, str(error.detail))
    return json_response({"error": message}, status=error.status_code, headers=dict(error.headers or {}))


async def _wrong_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))[:100]
    return json_response({"error": f"{where}: {first['msg'].lower()}."}, status=422)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    request.app.state.service.metrics.refused.labels(error.reason).inc()
    return error.response()
