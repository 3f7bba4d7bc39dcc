"""The command that serves assistants."""

import sys

import pytest
from click.testing import CliRunner, Result

from actors.cli.mcp import command
from moca.mcp import streamable_http
from moca.settings.reader import read_settings


def run(*arguments: str, **environment: str | None) -> Result:
    settings = read_settings(None, {})
    return CliRunner(env={"MOCA_API_KEY": None} | environment).invoke(
        command, arguments, obj=settings
    )


@pytest.mark.parametrize("key", [None, "  "])
def test_without_a_key_the_command_says_where_to_get_one(key: str | None) -> None:
    ended = run(MOCA_API_KEY=key)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("MOCA_API_KEY is not set; add a key at /keys")


def test_over_http_it_listens_on_this_machine_and_answers_to_its_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = []
    monkeypatch.setattr(streamable_http, "serve_http", lambda app, *place: served.append(place))
    monkeypatch.setattr(streamable_http, "http_app", lambda server, hosts: served.append(hosts))
    ended = run("--http", "--allow-host", "mcp.example.com", MOCA_URL="https://moca.example.com")
    assert ended.stdout == (
        "MCP server for https://moca.example.com on http://127.0.0.1:8020/mcp\n"
    )
    names = ("127.0.0.1:8020", "localhost:8020", "[::1]:8020", "mcp.example.com")
    assert served == [names, ("127.0.0.1", 8020)]


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moca.mcp.client", None)
    ended = run(MOCA_API_KEY="moca_key")
    assert ended.exit_code == 1
    assert "pip install 'moca-dm[mcp]'" in ended.stderr
