import os
import signal
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from moca.storage.db.database_lock import DatabaseInUse, own_database
from tests.support.factory import NOON


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/moca.db"


def _own(url: str) -> AbstractContextManager[object, bool | None]:
    return own_database(url, NOON, patience_seconds=0)


def test_a_second_owner_is_refused_and_told_of_the_first(url: str) -> None:
    host = os.uname().nodename
    with _own(url), pytest.raises(DatabaseInUse) as refused:
        _own(url)
    assert str(refused.value) == (
        f"the database is in use by process {os.getpid()} on {host} since 2026-11-22 12:00:00 UTC"
    )
    with _own(url):
        pass


def test_another_name_of_the_same_file_is_the_same_database(url: str, tmp_path: Path) -> None:
    (tmp_path / "other.db").symlink_to(tmp_path / "moca.db")
    with _own(url), pytest.raises(DatabaseInUse):
        _own(f"sqlite:///{tmp_path}/other.db")
    with _own(url), _own(f"sqlite:///{tmp_path}/third.db"):
        pass


def test_a_killed_owner_leaves_the_database_free(url: str) -> None:
    read_end, write_end = os.pipe()
    owner = os.fork()
    if not owner:
        ownership = _own(url)
        os.write(write_end, b"owned")
        signal.pause()
        ownership.__exit__(None, None, None)
        os._exit(0)
    os.read(read_end, 5)
    with pytest.raises(DatabaseInUse, match=f"process {owner} on"):
        _own(url)
    os.kill(owner, signal.SIGKILL)
    os.waitpid(owner, 0)
    os.close(read_end)
    os.close(write_end)
    with _own(url):
        pass


@pytest.mark.parametrize("url", ["postgresql://postgres@127.0.0.1:5432/moca", "sqlite:///:memory:"])
def test_what_is_no_file_has_no_owner(url: str) -> None:
    with _own(url), _own(url):
        pass
