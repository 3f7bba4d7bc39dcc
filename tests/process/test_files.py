"""Files that Moca writes are private to its user, whatever the umask."""

from pathlib import Path

from tests.process.service import Service, eventually
from tests.process.test_journey import posts


def modes(directory: Path) -> dict[str, str]:
    """Return the mode of every file that Moca created."""
    return {
        path.name: oct(path.stat().st_mode & 0o777)
        for path in directory.rglob("*")
        if path.is_file() and path.name not in {"out.txt", "err.txt"}
    }


def test_only_its_own_user_can_read_what_it_writes(moca: Service, tmp_path: Path) -> None:
    posts(moca, "m1")
    moca.command("rehearse", "--html", "page.html")
    while_it_runs = modes(tmp_path)
    assert {"moca.db", "moca.db-wal", "moca.db-shm", "page.html"} <= set(while_it_runs)
    moca.stop()
    moca.command("migrate", "--to", "sqlite:///copied.db")
    found = while_it_runs | modes(tmp_path)
    assert "copied.db" in found
    assert found == dict.fromkeys(found, "0o600")


def test_a_database_that_others_could_read_is_closed_to_them_at_start(
    beside: Service, tmp_path: Path
) -> None:
    database = tmp_path / "moca.db"
    database.touch()
    database.chmod(0o644)
    beside.start()
    posts(beside, "m1")
    found = modes(tmp_path)
    assert {"moca.db", "moca.db-wal", "moca.db-shm"} <= set(found)
    assert found == dict.fromkeys(found, "0o600")


def is_echoed(service: Service, psid: str) -> bool:
    """Return whether the reply to a contact was echoed, so that nothing more is to come."""
    (talk,) = service.get(f"/api/conversations?psid={psid}")["items"]
    messages = service.get(f"/api/conversations/{talk['id']}/messages")["items"]
    mids = [each["mid"] for each in messages if each["role"] == "assistant"]
    return bool(mids) and "delivery/echoed" in service.steps(mids[0])


def test_what_is_erased_stands_in_no_file_once_that_is_answered(
    moca: Service, tmp_path: Path
) -> None:
    erased, kept = "28978671838402975", "28978671838402976"
    posts(moca, "m1", "a-text-that-is-to-be-erased", erased)
    posts(moca, "m2", "a-text-that-is-kept", kept)
    eventually(lambda: moca.outcome("m1") == moca.outcome("m2") == "answered")
    eventually(lambda: is_echoed(moca, erased))
    assert moca.delete(f"/api/contacts/{erased}")["erased"] is True
    files = [tmp_path / f"moca.db{suffix}" for suffix in ("", "-wal", "-shm")]
    on_disk = b"".join(path.read_bytes() for path in files)
    assert (b"to-be-erased" in on_disk, erased.encode() in on_disk) == (False, False)
    assert (b"is-kept" in on_disk, kept.encode() in on_disk) == (True, True)
