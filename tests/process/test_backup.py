"""A backup under traffic, restored on another machine: nothing is said twice."""

import json
from io import BytesIO

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.process.instagram import HeldInstagram
from tests.process.service import BEARER, Service, eventually
from tests.process.test_journey import REPLY
from tests.support.files import PNG


def elsewhere(moca: Service) -> Service:
    """Return a service with the same settings and address in another folder."""
    (moca.path / "elsewhere").mkdir()
    other = Service(moca.path / "elsewhere", moca.settings)
    other.url = moca.url
    return other


def attach_to_saved_reply(moca: Service) -> None:
    form = encode_multipart({"file": FileStorage(BytesIO(PNG), "photo.png")}, "boundary")[1]
    is_form = {"Content-Type": "multipart/form-data; boundary=boundary"}
    uploaded = moca.post("/api/uploads", form, {**BEARER, **is_form})
    assert uploaded.status_code == 201
    body = {"name": "Photo", "text": "Look:", "upload": uploaded.json()["id"]}
    is_json = {"Content-Type": "application/json"}
    saved = moca.post("/api/saved-replies", json.dumps(body).encode(), {**BEARER, **is_json})
    assert saved.status_code == 201


def attached_in(moca: Service) -> list[bytes]:
    return [path.read_bytes() for path in (moca.path / "moca.db.uploads").iterdir()]


def test_what_was_answered_since_the_backup_is_not_answered_again(
    beside: Service, held: HeldInstagram
) -> None:
    beside.start()
    before = held.sandbox.write("7", "Hello")
    eventually(lambda: beside.outcome(before) == "answered")
    attach_to_saved_reply(beside)
    held.holds_after = True
    since = held.sandbox.write("8", "Hello")
    assert held.is_held.wait(15)
    backup = beside.command("backup", "today.backup")
    assert (backup.returncode, backup.stderr) == (0, "")
    assert "complete and verified" in backup.stdout
    held.release()
    eventually(lambda: beside.outcome(since) == "answered")
    assert beside.stop() == 0

    other = elsewhere(beside)
    restored = other.command("restore", "../today.backup")
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "Sending is paused" in restored.stdout
    assert attached_in(other) == [PNG]
    other.start()
    try:
        eventually(lambda: other.outcome(since) == "answered")
        later = held.sandbox.write("9", "Hello")
        assert other.post("/api/queue/release", b"", BEARER).status_code == 200
        eventually(lambda: other.outcome(later) == "answered")
    finally:
        other.close()
    assert [held.sent(psid) for psid in "789"] == [[REPLY], [REPLY], [REPLY]]


def test_a_restore_overwrites_nothing(moca: Service) -> None:
    assert moca.command("backup", "today.backup").returncode == 0
    again = moca.command("backup", "today.backup")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "backup: today.backup exists; choose another name\n"
    assert moca.stop() == 0
    restored = moca.command("restore", "today.backup")
    assert (restored.returncode, restored.stdout) == (1, "")
    assert "moca.db exists; move it away, or set another database.url" in restored.stderr


def test_a_backup_of_nothing_is_refused(beside: Service) -> None:
    backup = beside.command("backup", "today.backup")
    assert (backup.returncode, backup.stderr) == (
        1,
        "backup: there is no database at sqlite:///moca.db\n",
    )
    assert not (beside.path / "today.backup").exists()
