"""A typed client that is generated from the OpenAPI document works with the API it describes."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import peewee
import pytest

from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.instagram.conftest import served
from tests.web.conftest import TOKEN
from tests.web.desk import WebDesk
from tests.web.rows import AT, a_contact, a_conversation, a_question

NAME = "generated_client"


def generate(document: dict[str, Any], folder: Path) -> None:
    """Generate the client as a package in a folder."""
    described, config = folder / "openapi.json", folder / "config.json"
    described.write_text(json.dumps(document))
    # By default the generator runs a linter over what it wrote.
    config.write_text(json.dumps({"post_hooks": []}))
    options = {"--path": described, "--output-path": folder / NAME, "--config": config}
    arguments = [str(each) for option in options.items() for each in option]
    ended = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--meta=none", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Whatever it cannot express it leaves out with a warning.
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "warning" not in ended.stdout.lower()


def test_a_generated_client_lists_conversations_and_sends_a_message(
    database: peewee.Database, config: WebConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_question(a_conversation(a_contact("700", window_opened_at=AT)))
    app = create_app(
        WebPorts(database=database, tell=WebDesk(database).tell, health=Health), config
    )
    generate(app.test_client().get("/openapi.json").get_json(), tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    client_of, models, conversations, reply = (
        importlib.import_module(f"{NAME}.{each}")
        for each in (
            "client",
            "models",
            "api.conversations.conversations_conversations",
            "api.conversations.conversations_reply",
        )
    )
    with (
        served(app) as url,
        client_of.AuthenticatedClient(
            base_url=url, token=TOKEN, httpx_args={"trust_env": False}
        ) as client,
    ):
        listed = conversations.sync(client=client, limit=10)
        (found,) = listed.items
        assert (found.contact.psid, found.status.value, listed.next_cursor) == ("700", "open", None)

        body = models.ReplyBody(text="At nine.", priority=models.ReplyBodyPriority.HIGH)
        sent = [
            reply.sync_detailed(found.id, client=client, body=body, idempotency_key="once")
            for _ in range(2)
        ]
        assert [each.status_code.value for each in sent] == [202, 202]
        assert sent[0].parsed == sent[1].parsed
        assert (sent[0].parsed.text, sent[0].parsed.status.value) == ("At nine.", "queued")

        refused = reply.sync(found.id, client=client, body=models.ReplyBody(text=""))
        assert isinstance(refused, models.ProblemShape)
        assert (refused.status, refused.error.code) == (422, "invalid")
