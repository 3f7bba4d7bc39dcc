import os
from typing import TYPE_CHECKING

import click

from actors.cli.errors import exit_with
from moca.settings.locations import moca_version
from moca.settings.sections import Settings

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

    from moca.mcp.client import ApiClient

_NEEDS_EXTRA = "the MCP server needs an extra: pip install 'moca-dm[mcp]'"
_NEEDS_KEY = (
    "MOCA_API_KEY is not set; add a key at /keys, with the scope read, draft or reply, and set it "
    "in the environment"
)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@click.command("mcp")
@click.option(
    "--url",
    envvar="MOCA_URL",
    show_envvar=True,
    help="Address of the Moca whose inbox is worked; by default that of these settings.",
)
@click.option("--http", "is_http", is_flag=True, help="Serve streamable HTTP, instead of stdio.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8020, show_default=True)
@click.option(
    "--allow-host",
    "more_hosts",
    multiple=True,
    help="A name, with its port if it has one, by which clients reach it besides this machine's.",
)
@click.pass_obj
def command(  # noqa: PLR0917 - one parameter per option
    settings: Settings,
    url: str | None,
    is_http: bool,  # noqa: FBT001
    host: str,
    port: int,
    more_hosts: tuple[str, ...],
) -> None:
    """Serve the inbox to assistants by the Model Context Protocol.

    An assistant may do what its API key allows. Over stdio that is the one in MOCA_API_KEY; over
    HTTP each client sends its own as a bearer token.
    """
    address = url or settings.server.own_address
    try:
        if is_http:
            hosts = (*(f"{name}:{port}" for name in _LOOPBACK), *more_hosts)
            _serve_http(address, host, port, hosts)
        else:
            _serve_stdio(address)
    except ImportError as error:
        exit_with(1, f"{_NEEDS_EXTRA} ({error})")


def _serve_stdio(address: str) -> None:
    from moca.mcp.client import ApiClient  # noqa: PLC0415 - an extra
    from moca.mcp.server import build_server  # noqa: PLC0415 - an extra

    key = os.environ.get("MOCA_API_KEY", "").strip()
    if not key:
        exit_with(2, _NEEDS_KEY)
    api = ApiClient(address, key)
    build_server(lambda _context: api, moca_version()).run("stdio")


def _serve_http(address: str, host: str, port: int, hosts: tuple[str, ...]) -> None:
    from moca.mcp.client import ApiClient  # noqa: PLC0415 - an extra
    from moca.mcp.server import build_server  # noqa: PLC0415 - an extra
    from moca.mcp.streamable_http import (  # noqa: PLC0415 - an extra
        PATH,
        http_app,
        key_of_request,
        serve_http,
    )

    def api_of(context: "Context") -> "ApiClient":
        return ApiClient(address, key_of_request(context))

    click.echo(f"MCP server for {address} on http://{host}:{port}{PATH}")
    serve_http(http_app(build_server(api_of, moca_version()), hosts), host, port)
