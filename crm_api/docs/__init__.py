"""The API's description as a page. Nothing is fetched from outside: many a contact centre has no outside."""

from importlib.resources import files

from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse

_FILES = {
    "/api/docs": ("page.html", "text/html; charset=utf-8"),
    "/api/docs/page.css": ("page.css", "text/css; charset=utf-8"),
    "/api/docs/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
PATHS = frozenset(_FILES)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def install(app: FastAPI) -> None:
    """Open to everybody: it says no more than the OpenAPI file."""
    for path, (name, media_type) in _FILES.items():
        _serve(app, path, name, media_type)

    async def front() -> Response:
        return RedirectResponse("/api/docs", headers=HEADERS)

    app.add_api_route("/", front, include_in_schema=False, name="front", tags=["docs"])


def _serve(app: FastAPI, path: str, name: str, media_type: str) -> None:
    content = files(__name__).joinpath(name).read_bytes()

    async def page() -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    app.add_api_route(path, page, include_in_schema=False, name=name, tags=["docs"])
