from collections.abc import Sequence

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/mcp"

_UNAUTHORIZED = "Send your own API key of Moca: Authorization: Bearer <key>"


def key_of_request(context: Context) -> str:
    """Return the API key that came with the request in which a tool is called."""
    request = context.request_context.request
    return _bearer(request.headers) if isinstance(request, Request) else ""


def http_app(server: MCPServer, hosts: Sequence[str]) -> ASGIApp:
    """Return the server as an ASGI app that keeps no sessions: a request does as its own key may.

    Args:
        server: What is served, at `PATH`.
        hosts: The values of `Host` that are answered. Browsers' pages of others are refused.
    """
    origins = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
    security = TransportSecuritySettings(allowed_hosts=list(hosts), allowed_origins=origins)
    return _RequireKey(
        server.streamable_http_app(
            streamable_http_path=PATH,
            stateless_http=True,
            json_response=True,
            transport_security=security,
        )
    )


def serve_http(app: ASGIApp, host: str, port: int) -> None:
    """Serve until a signal arrives."""
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


class _RequireKey:
    """Refuses requests without a key, before anything reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and not _bearer(Headers(scope=scope)):
            headers = {"WWW-Authenticate": "Bearer"}
            await Response(_UNAUTHORIZED, 401, headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _bearer(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
