import errno
from dataclasses import replace
from io import BytesIO
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.content.content import Content, Media
from moca.storage.content_codec import read_content
from moca.storage.db.operator_tables import Upload
from moca.storage.db.tables import Conversation, Message
from moca.uploads.folder import UploadFolder
from moca.web.app import create_app
from moca.web.config import WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from tests.support.files import JPEG, PNG, files_in
from tests.web.forms import SAME_ORIGIN, csrf_token_of, sends
from tests.web.rows import AT, a_conversation

HERE = "/conversations/1"
HTML = {**SAME_ORIGIN, "Accept": "text/html"}


def file(content: bytes = PNG, name: str = "photo.png") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def attaches(
    browser: FlaskClient, **fields: list[tuple[BytesIO, str]] | str | tuple[BytesIO, str]
) -> TestResponse:
    told = {"file": file(), **fields}
    return sends(browser, f"{HERE}/messages", told, headers=HTML)


def said() -> list[Content | str]:
    """Return what was queued, without the token in its address."""
    rows = Message.select().order_by(Message.id)
    contents = [read_content(row.text, row.content) for row in rows]
    return [
        content if content.media is None else content.media.url.rpartition(".")[2]
        for content in contents
    ]


def test_a_text_and_a_file_are_sent_one_after_the_other(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()

    answer = attaches(browser_session, text="Here it is:")

    assert (answer.status_code, answer.headers["Location"]) == (303, HERE)
    assert said() == [Content(text="Here it is:"), "png"]
    assert files_in(uploads) == {Upload.get().file}


def test_the_address_is_at_this_host_and_ends_in_256_random_bits(
    browser_session: FlaskClient,
) -> None:
    a_conversation()

    attaches(browser_session)

    row, upload = Message.get(), Upload.get()
    url = f"http://localhost/uploads/{upload.token}.png"
    assert read_content("", row.content) == Content(
        media=Media(type="image", url=url, is_upload=True)
    )
    assert len(upload.token) == 43


def test_the_thread_shows_our_own_copy_while_it_is_kept(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()
    attaches(browser_session, file=file(JPEG, "At the beach.jpg"))
    shown = f"{HERE}/uploads/{Upload.get().id}"

    page = browser_session.get(HERE).text
    assert f'<img class="photo" src="{shown}" alt="At the beach.jpg"' in page
    assert Upload.get().token not in page
    answer = browser_session.get(shown, buffered=True)
    assert (answer.data, answer.mimetype) == (JPEG, "image/jpeg")

    Upload.update(message=None).execute()
    page = browser_session.get(HERE).text
    assert '<span class="muted">image</span>' in page
    assert "/uploads/" not in page
    assert browser_session.get(shown).status_code == 404


@pytest.mark.parametrize(
    ("chosen", "status", "because"),
    [
        (file(b"<!doctype html><script>", "photo.jpg"), 422, "does not accept this type of file"),
        (file(b"<svg onload=alert(1)>", "photo.svg"), 422, "does not accept this type of file"),
        (file(b"", "photo.png"), 422, "The file is empty."),
    ],
)
def test_a_refused_file_keeps_the_draft(
    browser_session: FlaskClient,
    uploads: UploadFolder,
    chosen: tuple[BytesIO, str],
    status: int,
    because: str,
) -> None:
    a_conversation()

    answer = attaches(browser_session, text="As you asked:", file=chosen)

    assert answer.status_code == status
    assert because in answer.text
    assert ">As you asked:</textarea>" in answer.text
    assert (said(), files_in(uploads)) == ([], set())


def test_several_files_are_refused(browser_session: FlaskClient, uploads: UploadFolder) -> None:
    a_conversation()

    answer = attaches(browser_session, file=[file(), file()])

    assert (answer.status_code, files_in(uploads)) == (422, set())
    assert "Attach one file to each message." in answer.text


def test_a_file_goes_again_if_its_message_cannot_be_queued(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()
    page = csrf_token_of(browser_session, HERE)
    Conversation.update(status="closed").execute()

    fields = {"csrf_token": page, "text": "Look", "file": file()}
    answer = browser_session.post(f"{HERE}/messages", data=fields, headers=HTML)

    assert (answer.status_code, files_in(uploads)) == (409, set())


def test_a_full_disk_is_told_with_the_draft(
    browser_session: FlaskClient, uploads: UploadFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_conversation()

    def no_space(*_arguments: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "store", no_space)
    answer = attaches(browser_session, text="Look")

    assert answer.status_code == 507
    assert "The disk is full, so the file was not stored." in answer.text
    assert ">Look</textarea>" in answer.text


@pytest.fixture
def config(config: WebConfig, request: pytest.FixtureRequest) -> WebConfig:
    return replace(config, **getattr(request, "param", {}))


@pytest.mark.parametrize("config", [{"max_upload_bytes": 100}], indirect=True)
def test_all_files_together_have_a_limit(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()
    attaches(browser_session)

    answer = attaches(browser_session)

    assert (answer.status_code, len(files_in(uploads))) == (507, 1)
    assert "The space for attached files is used up." in answer.text


@pytest.mark.parametrize("config", [{"live": True}], indirect=True)
def test_without_a_public_address_the_composer_says_so_and_offers_no_file(
    app: Flask, client: FlaskClient
) -> None:
    a_conversation()

    page = client.get(HERE).text

    assert "web.public_url is not set" in page
    assert 'type="file"' not in page
    answer = client.post(f"{HERE}/messages", data={"text": "Hi", "file": file()})
    assert (answer.status_code, said()) == (422, [])


@pytest.mark.parametrize(
    "config", [{"live": True, "public_origin": "https://moca.example"}], indirect=True
)
def test_in_live_mode_the_address_is_public_whatever_the_host_header_says(
    client: FlaskClient,
) -> None:
    a_conversation()

    client.post(f"{HERE}/messages", data={"file": file()}, headers={"Host": "evil.example"})

    media = read_content("", Message.get().content).media
    assert media is not None
    assert media.url.startswith("https://moca.example/uploads/")


def test_without_a_folder_the_composer_says_so(
    ports: WebPorts, config: WebConfig, metrics: Metrics, client: FlaskClient
) -> None:
    app = create_app(replace(ports, uploads=None), config, None, metrics)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer the-api-token"
    a_conversation()

    page = client.get(HERE).text

    assert "database.uploads_dir is not set" in page
    assert 'type="file"' not in page


def test_a_form_that_is_sent_twice_sends_its_file_once(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()

    for _ in range(2):
        answer = attaches(browser_session, text="Look", form_key="one-form")
        assert answer.status_code == 303

    assert said() == [Content(text="Look"), "png"]
    assert len(files_in(uploads)) == 1


def test_a_form_that_is_sent_again_with_another_file_is_refused(
    browser_session: FlaskClient,
) -> None:
    a_conversation()
    attaches(browser_session, form_key="one-form")

    answer = attaches(browser_session, form_key="one-form", file=file(JPEG))

    assert (answer.status_code, said()) == (409, ["png"])


def test_uploads_are_as_old_as_the_request(browser_session: FlaskClient) -> None:
    a_conversation()
    attaches(browser_session)

    assert Upload.get().created_at == AT
