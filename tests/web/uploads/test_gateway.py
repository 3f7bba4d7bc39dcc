"""The server takes files from those who may send them, and writes them to the disk."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, NoReturn, TypeVar

import peewee
import pytest
from a2wsgi.asgi_typing import ASGIApp, Receive, Scope, Send
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import encode_multipart

from moca.core.content.uploads import MAX_IMAGE_BYTES, MAX_UPLOAD_BYTES
from moca.storage.db.operator_tables import Login, Operator, Upload
from moca.storage.db.tables import Message
from moca.uploads.folder import UploadFolder
from moca.web.asgi import WebhookGateway
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.metrics.prometheus import Metrics
from moca.web.uploads import body as upload_body
from moca.web.uploads.body import UploadReader
from tests.support.files import PDF, PNG, files_in
from tests.support.values import present
from tests.web.asgi_client import knock
from tests.web.conftest import TOKEN
from tests.web.forms import csrf_token_of
from tests.web.rows import AT, a_conversation, after
from tests.web.test_request_body import Outcome, sending
from tests.web.virtual_loop import run

HERE = "/conversations/1/messages"
BOUNDARY = "the-boundary"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
BEARER = {**FORM, "authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def door(
    app: Flask, ports: WebPorts, config: WebConfig, metrics: Metrics
) -> Iterator[WebhookGateway]:
    gateway = WebhookGateway(app, ports, config, metrics, threads=2)
    yield gateway
    gateway.close()


def form(content: bytes = PNG, name: str = "photo.png", **fields: str) -> bytes:
    """Return the body of a form; the file is its last field."""
    head = encode_multipart(fields, BOUNDARY)[1].removesuffix(f"--{BOUNDARY}--\r\n".encode())
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    part = f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: text/html\r\n\r\n"
    return head + part.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def browser_headers(session: FlaskClient, **more: str) -> dict[str, str]:
    (cookie,) = [each for each in present(session._cookies).values() if each.key == "moca_session"]
    own = {"cookie": f"moca_session={cookie.value}", "sec-fetch-site": "same-origin"}
    return {**FORM, **own, "accept": "text/html", **more}


def test_a_file_larger_than_any_other_body_arrives_in_pieces(
    door: WebhookGateway, client: FlaskClient
) -> None:
    a_conversation()
    content = PDF + bytes(6_000_000)
    whole = form(content, "prices.pdf", text="Our prices:")
    pieces = [whole[start : start + 100_000] for start in range(0, len(whole), 100_000)]

    assert knock(door, *pieces, path=HERE, headers=BEARER).status == 303

    upload = Upload.get()
    fetched = knock(door, b"", method="GET", path=f"/uploads/{upload.token}.pdf")
    assert (fetched.status, fetched.body == content) == (200, True)
    assert fetched.headers["content-length"] == str(len(content))
    part = knock(
        door,
        b"",
        method="GET",
        path=f"/uploads/{upload.token}.pdf",
        headers={"range": "bytes=0-4"},
    )
    assert (part.status, part.body) == (206, b"%PDF-")


def test_the_head_of_a_large_file_is_all_that_head_gets(door: WebhookGateway) -> None:
    a_conversation()
    knock(door, form(PDF + bytes(2_000_000)), path=HERE, headers=BEARER)

    told = knock(door, b"", method="HEAD", path=f"/uploads/{Upload.get().token}.pdf")

    assert (told.status, told.body) == (200, b"")
    assert told.headers["content-length"] == str(len(PDF) + 2_000_000)


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (PDF + bytes(MAX_UPLOAD_BYTES + 3_000_000), b"PDFs of up to 25 MB."),
        (PNG + bytes(MAX_IMAGE_BYTES), b"images of up to 8 MB."),
    ],
)
def test_a_file_that_is_too_large_keeps_what_was_written_before_it(
    door: WebhookGateway,
    browser_session: FlaskClient,
    uploads: UploadFolder,
    content: bytes,
    because: bytes,
) -> None:
    a_conversation()
    csrf_token = csrf_token_of(browser_session, "/conversations/1")

    answer = knock(
        door,
        form(content, csrf_token=csrf_token, text="Our prices:"),
        path=HERE,
        headers=browser_headers(browser_session),
    )

    assert answer.status == 413
    assert b"Instagram accepts " + because in answer.body
    assert b">Our prices:</textarea>" in answer.body
    assert (Message.select().count(), files_in(uploads)) == (0, set())


def test_a_body_without_end_is_cut_off(
    door: WebhookGateway, monkeypatch: pytest.MonkeyPatch, uploads: UploadFolder
) -> None:
    monkeypatch.setattr(upload_body, "MAX_READ_BYTES", 1_000_000)
    a_conversation()
    pieces = [form(PDF), *[bytes(500_000)] * 4]

    answer = knock(door, *pieces, path=HERE, headers=BEARER, goes_away=True)

    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert files_in(uploads) == set()


class Unread:
    """A body that must not be read."""

    def __init__(self, door: ASGIApp) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def refuse() -> NoReturn:
            pytest.fail("the body was read")

        await self._door(scope, refuse, send)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (FORM, 401),
        ({**FORM, "authorization": "Bearer wrong"}, 401),
        ({**FORM, "cookie": "moca_session=forged"}, 401),
    ],
)
@pytest.mark.parametrize("path", [HERE, "/api/uploads", "/saved-replies", "/saved-replies/1"])
def test_nothing_is_read_of_a_strangers_file(
    door: WebhookGateway, path: str, headers: dict[str, str], status: int
) -> None:
    answer = knock(Unread(door), form(), path=path, headers=headers)

    assert (answer.status, answer.headers["connection"]) == (status, "close")


def test_nothing_is_read_of_what_another_site_sends(
    door: WebhookGateway, browser_session: FlaskClient
) -> None:
    headers = browser_headers(browser_session, **{"sec-fetch-site": "cross-site"})

    assert knock(Unread(door), form(), path=HERE, headers=headers).status == 403


def test_a_form_without_its_seal_is_refused(
    door: WebhookGateway, browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()

    answer = knock(door, form(text="Hi"), path=HERE, headers=browser_headers(browser_session))

    assert (answer.status, Message.select().count()) == (403, 0)
    assert files_in(uploads) == set()


@pytest.mark.parametrize("path", ["/api/instagram/webhook", "/login", "/conversations/1/close"])
def test_no_other_request_may_be_as_large(door: WebhookGateway, path: str) -> None:
    a_conversation()

    answer = knock(door, form(PDF + bytes(5_000_000)), path=path, headers=BEARER)

    assert answer.status == 413


def test_a_form_that_is_broken_sends_nothing(door: WebhookGateway) -> None:
    a_conversation()

    for body in (b"", b"--the-boundary", form()[:-20], b"\x00" * 100):
        assert knock(door, body, path=HERE, headers=BEARER).status in {400, 422}
    assert Message.select().count() == 0


def test_a_client_that_leaves_early_leaves_nothing(
    door: WebhookGateway, uploads: UploadFolder
) -> None:
    a_conversation()

    answer = knock(door, form()[:50], path=HERE, headers=BEARER, goes_away=True)

    assert (answer.status, files_in(uploads)) == (400, set())


Result = TypeVar("Result")


class AtOnce(Executor):
    """Runs each call on the caller's thread."""

    def submit(
        self, call: Callable[..., Result], /, *arguments: Any, **named: Any
    ) -> Future[Result]:
        done: Future[Result] = Future()
        try:
            done.set_result(call(*arguments, **named))
        except OSError as error:
            done.set_exception(error)
        return done


async def outcome(reader: UploadReader, receive: Receive) -> tuple[Outcome, float]:
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    scope: Any = {"headers": [(b"content-type", FORM["content-type"].encode())]}
    try:
        async with reader.read(receive, scope) as file:
            told: Outcome = file.read()
    except Problem as refused:
        told = (refused.status, refused.message)
    return told, loop.time() - began_at


SLOW = (408, "The file did not arrive in time. Attach it again.")


@pytest.mark.parametrize(
    ("receive", "expected"),
    [
        (sending((0, b"whole")), (b"whole", 0)),
        (sending((14, b"in "), (14, b"time")), (b"in time", 28)),
        (sending((1, b"begun"), ends=False), (SLOW, 16)),
        (sending(*[(10, b".")] * 40), (SLOW, 300)),
    ],
)
def test_a_file_may_take_its_time_but_not_for_ever(
    uploads: UploadFolder, receive: Receive, expected: tuple[Outcome, int]
) -> None:
    assert run(outcome(UploadReader(uploads, AtOnce()), receive)) == expected


def test_without_a_folder_no_more_is_kept_than_of_a_form() -> None:
    told, _ = run(outcome(UploadReader(None, AtOnce()), sending((0, bytes(2_000_000)))))

    assert told == bytes(1024 * 1024) + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_only_a_few_files_arrive_at_once(uploads: UploadFolder) -> None:
    reader = UploadReader(uploads, AtOnce())

    async def many() -> tuple[tuple[Outcome, float], tuple[Outcome, float]]:
        slow = [asyncio.create_task(outcome(reader, sending((5, b"slow")))) for _ in range(8)]
        await asyncio.sleep(1)
        refused = await outcome(reader, sending((0, b"whole")))
        await asyncio.gather(*slow)
        return refused, await outcome(reader, sending((0, b"whole")))

    refused, later = run(many())
    busy = (503, "Too many files are arriving. Attach it again in a moment.")
    assert (refused[0], later[0]) == (busy, b"whole")


def test_operators_who_may_only_read_send_no_files(
    door: WebhookGateway, app: Flask, database: peewee.Database
) -> None:
    session = app.test_client()
    key = "a-session"
    operator = Operator.create(name="ben", role="reads", password_hash="", created_at=AT)
    hashed = hashlib.sha256(key.encode()).hexdigest()
    instants = {"opened_at": AT, "seen_at": AT, "ends_at": after(3600)}
    Login.create(key=hashed, operator=operator, **instants)
    session.set_cookie("moca_session", key)

    answer = knock(Unread(door), form(), path=HERE, headers=browser_headers(session))

    assert answer.status == 403
