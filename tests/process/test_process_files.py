"""What Moca writes is its own user's alone, whatever the umask of whoever starts it."""

from tests.process.test_process_journey import posts


def modes(directory):
    """Give the mode of every file that Moca made."""
    return {
        path.name: oct(path.stat().st_mode & 0o777)
        for path in directory.rglob("*")
        if path.is_file() and path.name not in {"out.txt", "err.txt"}
    }


def test_only_its_own_user_can_read_what_it_writes(moca, tmp_path):
    posts(moca, "m1")
    moca.command("rehearse", "--html", "page.html")
    moca.command("migrate", "--to", "sqlite:///copied.db")
    found = modes(tmp_path)
    assert {"moca.db", "moca.db-wal", "moca.db-shm", "page.html", "copied.db"} <= set(found)
    assert found == dict.fromkeys(found, "0o600")


def test_a_database_that_others_could_read_is_closed_to_them_at_start(beside, tmp_path):
    database = tmp_path / "moca.db"
    database.touch()
    database.chmod(0o644)
    beside.start()
    posts(beside, "m1")
    found = modes(tmp_path)
    assert found == dict.fromkeys(("moca.db", "moca.db-wal", "moca.db-shm"), "0o600")
