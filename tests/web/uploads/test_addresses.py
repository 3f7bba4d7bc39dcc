from io import BytesIO

import peewee
import pytest
from flask.testing import FlaskClient

from moca.core.content.content import Content
from moca.core.content.uploads import upload_name
from moca.core.messages.replies import QueueReply
from moca.core.types import Author
from moca.storage.db.operator_tables import Upload
from moca.storage.db.tables import QueueItem
from moca.uploads.folder import UploadFolder
from tests.support.files import MP4, PDF, PNG, attached, stored
from tests.web.desk import WebDesk
from tests.web.rows import AT, a_contact, a_conversation

TOKEN = "t" * 43
FETCHED = f"/uploads/{TOKEN}.png"


def queues(
    desk: WebDesk, uploads: UploadFolder, content: bytes = PNG, name: str = "photo.png"
) -> None:
    """Queue a reply with a file."""
    file = uploads.store(BytesIO(content), AT)
    upload = stored(content, TOKEN, file, name)
    reply = QueueReply(1, (), Content(), AT, Author.OPERATOR, attachment=attached(upload))
    desk.tell(reply)


@pytest.fixture
def queued(database: peewee.Database, desk: WebDesk, uploads: UploadFolder) -> None:
    a_conversation()
    queues(desk, uploads)


def test_instagram_fetches_without_a_login(stranger: FlaskClient, queued: None) -> None:
    answer = stranger.get(FETCHED, buffered=True)

    assert (answer.status_code, answer.data) == (200, PNG)
    headers = answer.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == "inline; filename=photo.png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    )
    assert "ETag" not in headers


def test_a_player_may_fetch_a_part(stranger: FlaskClient, queued: None) -> None:
    answer = stranger.get(FETCHED, headers={"Range": "bytes=1-3"}, buffered=True)

    assert (answer.status_code, answer.data) == (206, b"PNG")


def test_its_head_can_be_asked_for(stranger: FlaskClient, queued: None) -> None:
    answer = stranger.head(FETCHED, buffered=True)

    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", 64)


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/",
        f"/uploads/{TOKEN}",
        f"/uploads/{TOKEN}.jpg",
        f"/uploads/{TOKEN}.png.html",
        f"/uploads/{'x' * 43}.png",
        "/uploads/..%2f..%2fetc%2fpasswd",
        "/uploads/%00.png",
        "/uploads/file-1",
        f"/uploads/{TOKEN}.png/",
    ],
)
def test_every_other_address_leads_nowhere(stranger: FlaskClient, queued: None, path: str) -> None:
    assert stranger.get(path).status_code == 404


@pytest.mark.parametrize("status", ["sent", "failed", "cancelled"])
def test_once_settled_the_address_answers_as_if_it_had_never_been(
    stranger: FlaskClient, queued: None, status: str
) -> None:
    QueueItem.update(status=status).execute()

    ended, unknown = stranger.get(FETCHED, buffered=True), stranger.get(f"/uploads/{'x' * 43}.png")

    assert ended.status_code == 404
    assert (ended.status_code, ended.data) == (unknown.status_code, unknown.data)
    headers = [dict(each.headers) for each in (ended, unknown)]
    ids = {each.pop("X-Request-Id") for each in headers}
    assert (headers[0], len(ids)) == (headers[1], 2)


def test_a_file_that_is_missing_answers_alike_and_is_logged(
    stranger: FlaskClient, queued: None, uploads: UploadFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    uploads.delete([Upload.get().file])

    assert stranger.get(FETCHED, buffered=True).status_code == 404
    assert "upload.file_missing" in capsys.readouterr().out


def test_what_a_browser_would_run_is_never_shown(
    database: peewee.Database, desk: WebDesk, uploads: UploadFolder, client: FlaskClient
) -> None:
    a_conversation()
    queues(desk, uploads, PDF, upload_name('a"b\r\nSet-Cookie: x\u202e.pdf', ".pdf"))

    answer = client.get(f"/uploads/{TOKEN}.pdf", buffered=True)

    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert "Set-Cookie" not in answer.headers


def test_only_the_team_sees_what_it_sent(
    stranger: FlaskClient, client: FlaskClient, queued: None
) -> None:
    path = f"/conversations/1/uploads/{Upload.get().id}"

    assert client.get(path, buffered=True).data == PNG
    assert stranger.get(path).status_code == 401


@pytest.mark.parametrize("path", ["2/uploads/1", "1/uploads/2", "1/uploads/x"])
def test_a_file_is_shown_in_its_own_conversation_alone(
    client: FlaskClient, queued: None, path: str
) -> None:
    a_conversation(a_contact("701"))

    assert client.get(f"/conversations/{path}").status_code == 404


def test_a_video_keeps_its_type(
    database: peewee.Database, desk: WebDesk, uploads: UploadFolder, stranger: FlaskClient
) -> None:
    a_conversation()
    queues(desk, uploads, MP4, "clip.png")

    assert stranger.get(f"/uploads/{TOKEN}.mp4", buffered=True).mimetype == "video/mp4"
