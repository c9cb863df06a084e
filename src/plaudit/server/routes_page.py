"""The page: three files that need no other host, under a policy that lets nothing else in."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

router = APIRouter(include_in_schema=False)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def _part(name: str, media_type: str) -> Response:
    content = files("plaudit.server").joinpath("page", name).read_bytes()
    return Response(content, media_type=media_type, headers=_HEADERS)


@router.api_route("/", methods=["GET", "HEAD"])
def index() -> Response:
    """Return the page."""
    return _part("index.html", "text/html; charset=utf-8")


@router.api_route("/page.js", methods=["GET", "HEAD"])
def script() -> Response:
    """Return its script."""
    return _part("page.js", "text/javascript; charset=utf-8")


@router.api_route("/page.css", methods=["GET", "HEAD"])
def style() -> Response:
    """Return its style."""
    return _part("page.css", "text/css; charset=utf-8")


@router.api_route("/icon.svg", methods=["GET", "HEAD"])
def icon() -> Response:
    """Return its icon."""
    return _part("icon.svg", "image/svg+xml")
