"""Renews the page about the HTTP API from the OpenAPI document: `python -m moca.web.reference`."""

from pathlib import Path

from peewee import SqliteDatabase

from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from moca.web.presenters.api_reference import Json, reference_lines

PAGE = Path("docs/reference/http-api.md")

_MARK = "<!-- What follows is generated from the OpenAPI document by `just api`. -->"


def api_page(written: str, document: Json) -> str:
    """Return the written page with its part about each request renewed from a document."""
    head = written.partition(_MARK)[0]
    return f"{head}{_MARK}\n\n" + "\n".join(reference_lines(document))


def open_api_document() -> Json:
    """Return the description of the API that `/openapi.json` serves."""
    ports = WebPorts(database=SqliteDatabase(":memory:"), tell=_ignore, health=Health)
    config = WebConfig(app_secrets=(), verify_token="", api_token="")
    document: Json = create_app(ports, config).test_client().get("/openapi.json").get_json()
    return document


def _ignore(_command: object) -> None:
    pass


if __name__ == "__main__":
    page = api_page(PAGE.read_text(encoding="utf-8"), open_api_document())
    PAGE.write_text(page, encoding="utf-8")
