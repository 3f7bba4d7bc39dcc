from dataclasses import replace
from io import BytesIO
from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.content.content import Content
from moca.storage.content_codec import read_content
from moca.storage.db.operator_tables import Upload
from moca.storage.db.tables import Message
from moca.uploads.folder import UploadFolder
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.support.files import JPEG, PDF, PNG, files_in
from tests.web.desk import WebDesk
from tests.web.rows import a_conversation

MESSAGES = "/api/conversations/1/messages"
GONE = "upload: no upload with this ID, or it was used or has expired"


@pytest.fixture
def ports(database: peewee.Database, uploads: UploadFolder) -> WebPorts:
    tell = WebDesk(database).tell
    return WebPorts(database=database, tell=tell, health=Health, uploads=uploads)


@pytest.fixture
def app(ports: WebPorts, config: WebConfig) -> Flask:
    return create_app(ports, config)


def uploads_file(
    client: FlaskClient, content: bytes = PNG, name: str = "photo.png", **headers: str
) -> TestResponse:
    data = {"file": (BytesIO(content), name)}
    return client.post("/api/uploads", data=data, headers=headers)


def said() -> list[Content | str]:
    rows = Message.select().order_by(Message.id)
    contents = [read_content(row.text, row.content) for row in rows]
    return [content if content.media is None else content.media.type for content in contents]


def test_an_upload_is_sent_with_a_reply(client: FlaskClient, uploads: UploadFolder) -> None:
    a_conversation()

    answer = uploads_file(client)
    assert (answer.status_code, answer.json) == (
        201,
        {
            "id": 1,
            "media": "image",
            "mime_type": "image/png",
            "name": "photo.png",
            "size": 64,
            "expires_at": "2026-11-22T13:00:00Z",
        },
    )
    assert client.post(MESSAGES, json={"text": "Look:", "upload": 1}).status_code == 202

    assert said() == [Content(text="Look:"), "image"]
    assert len(files_in(uploads)) == 1


def test_an_upload_is_sent_alone(client: FlaskClient) -> None:
    a_conversation()
    uploads_file(client, PDF, "prices.pdf")

    assert client.post(MESSAGES, json={"upload": 1}).status_code == 202
    assert said() == ["file"]


def test_an_upload_is_used_once(client: FlaskClient) -> None:
    a_conversation()
    uploads_file(client)
    client.post(MESSAGES, json={"upload": 1})

    again = client.post(MESSAGES, json={"upload": 1})

    assert (again.status_code, again.get_json()["error"]["message"]) == (422, GONE)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"upload": 2}, GONE),
        (
            {"upload": 1, "heart": True},
            "upload: can be combined with a text only",
        ),
        (
            {"upload": 1, "media": {"type": "image", "url": "https://example.com/a.png"}},
            "upload: can be combined with a text only",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(
    client: FlaskClient, body: dict[str, Any], message: str
) -> None:
    a_conversation()
    uploads_file(client)

    answer = client.post(MESSAGES, json=body)

    assert (answer.status_code, answer.get_json()["error"]["message"]) == (422, message)


@pytest.mark.parametrize("upload", [0, -1, 2**63, "1", 1.5, True, []])
def test_an_id_is_a_number(client: FlaskClient, upload: bool | float | list[object] | str) -> None:
    a_conversation()

    assert client.post(MESSAGES, json={"text": "Hi", "upload": upload}).status_code == 422


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"file": (BytesIO(b"<html>"), "a.png")}, 422),
        ({"file": "text"}, 422),
        ({}, 422),
        ({"file": (BytesIO(PNG), "a.png"), "more": "x"}, 422),
    ],
)
def test_what_is_no_file_is_refused(
    client: FlaskClient,
    uploads: UploadFolder,
    data: dict[str, str | tuple[BytesIO, str]],
    status: int,
) -> None:
    answer = client.post("/api/uploads", data=data, content_type="multipart/form-data")

    assert answer.status_code == status
    assert answer.get_json()["error"]["code"] == "invalid"
    assert files_in(uploads) == set()


def test_strangers_upload_nothing(stranger: FlaskClient, uploads: UploadFolder) -> None:
    assert uploads_file(stranger).status_code == 401
    assert files_in(uploads) == set()


def test_a_repeated_upload_is_stored_once(client: FlaskClient, uploads: UploadFolder) -> None:
    key: dict[str, Any] = {"Idempotency-Key": "a-key"}

    first, second = uploads_file(client, **key), uploads_file(client, **key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert (Upload.select().count(), len(files_in(uploads))) == (1, 1)
    assert uploads_file(client, JPEG, **key).status_code == 422


def test_a_saved_reply_gets_replaces_and_loses_a_file(client: FlaskClient) -> None:
    for content, name in ((PNG, "menu.png"), (PDF, "menu.pdf")):
        uploads_file(client, content, name)
    body = {"name": "Menu", "text": "Our menu:", "upload": 1}

    added = client.post("/api/saved-replies", json=body)
    assert (added.status_code, added.get_json()["file"]["name"]) == (201, "menu.png")
    same = client.patch("/api/saved-replies/1", json={"text": "The menu:"})
    assert same.get_json()["file"]["name"] == "menu.png"
    changed = client.patch("/api/saved-replies/1", json={"upload": 2})
    assert changed.get_json()["file"] == {
        "media": "file",
        "mime_type": "application/pdf",
        "name": "menu.pdf",
        "size": 64,
    }
    refused = client.patch("/api/saved-replies/1", json={"upload": 2})
    assert refused.status_code == 409
    removed = client.patch("/api/saved-replies/1", json={"upload": None})
    assert removed.get_json()["file"] is None


def test_without_a_public_address_nothing_can_be_uploaded(
    ports: WebPorts, config: WebConfig
) -> None:
    client = create_app(ports, replace(config, live=True)).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer the-api-token"

    answer = uploads_file(client)

    assert answer.status_code == 422
    assert "web.public_url is not set" in answer.get_json()["error"]["message"]
