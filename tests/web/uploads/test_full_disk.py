"""A disk without space is told, whichever copy of a file it is too small for."""

import errno
import io
import json
from typing import NoReturn

import pytest
from flask.testing import FlaskClient

from moca.storage.db.operator_tables import Upload
from moca.storage.db.tables import Message
from moca.uploads.folder import UploadFolder
from moca.web.asgi import WebhookGateway
from moca.web.uploads import body as upload_body
from moca.web.uploads import spooled_file
from moca.web.uploads.body import DISK_FULL, UploadReader
from tests.support.files import PDF, files_in
from tests.web.asgi_client import knock
from tests.web.forms import csrf_token_of
from tests.web.rows import a_conversation
from tests.web.test_request_body import sending
from tests.web.uploads.test_gateway import (
    BEARER,
    HERE,
    AtOnce,
    browser_headers,
    door,
    form,
    outcome,
)
from tests.web.virtual_loop import run

__all__ = ["door"]


def test_a_full_disk_is_told(uploads: UploadFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_options: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(upload_body, "TemporaryFile", full)

    told, _ = run(outcome(UploadReader(uploads, AtOnce()), sending((0, b"whole"))))
    assert told == (507, DISK_FULL)


class UnwritableFile(io.RawIOBase):
    """A file on a disk without space."""

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def write(self, _piece: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full_second_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body could be written to the disk, its file cannot any more."""
    monkeypatch.setattr(
        spooled_file, "TemporaryFile", lambda **_options: io.BufferedRandom(UnwritableFile())
    )


@pytest.mark.parametrize("size", [1_000, 1_000_000])
@pytest.mark.usefixtures("full_second_disk")
def test_a_disk_that_is_full_for_the_second_copy_is_told_with_the_draft(
    door: WebhookGateway, browser_session: FlaskClient, uploads: UploadFolder, size: int
) -> None:
    a_conversation()
    csrf_token = csrf_token_of(browser_session, "/conversations/1")

    answer = knock(
        door,
        form(PDF + bytes(size), csrf_token=csrf_token, text="Our prices:"),
        path=HERE,
        headers=browser_headers(browser_session),
    )

    assert answer.status == 507
    assert DISK_FULL.encode() in answer.body
    assert b">Our prices:</textarea>" in answer.body
    assert (Message.select().count(), Upload.select().count(), files_in(uploads)) == (0, 0, set())


@pytest.mark.usefixtures("full_second_disk")
def test_a_program_is_told_of_a_disk_that_is_full_for_the_second_copy(
    door: WebhookGateway, uploads: UploadFolder
) -> None:
    answer = knock(door, form(PDF + bytes(1_000_000)), path="/api/uploads", headers=BEARER)

    assert (answer.status, json.loads(answer.body)["detail"]) == (507, DISK_FULL)
    assert (Upload.select().count(), files_in(uploads)) == (0, set())
