"""One process owns a database file; readers may run beside it."""

import os
import signal

from tests.process.service import Service, eventually
from tests.process.test_journey import posts


def _other(moca: Service) -> Service:
    """A second service on the same database, at another port."""
    settings = {name: each for name, each in moca.settings.items() if name != "server.port"}
    return Service(moca.path, settings)


def test_a_second_process_on_the_same_database_refuses_and_names_the_first(
    standing: Service,
) -> None:
    ended = _other(standing).command()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(
        "database.url: sqlite:///moca.db: the database is in use by "
        f"process {standing.process.pid} on {os.uname().nodename} since "
    )
    assert len(ended.stderr.splitlines()) == 1
    assert standing.answers()


def test_a_database_in_use_is_not_migrated(standing: Service) -> None:
    ended = standing.command("migrate", "--to", "sqlite:///other.db")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"in use by process {standing.process.pid} on" in ended.stderr
    assert not (standing.path / "other.db").exists()
    assert standing.answers()


def test_commands_that_only_read_work_beside_a_service(moca: Service) -> None:
    posts(moca, "m1")
    eventually(lambda: moca.outcome("m1") == "answered")
    journey = moca.command("journey", "m1")
    assert (journey.returncode, journey.stderr) == (0, "")
    assert "outcome: answered" in journey.stdout
    for arguments in (["settings"], ["doctor"], ["rehearse", "--since", "1h"]):
        assert "in use" not in moca.command(*arguments).stderr
    assert moca.command("rehearse", "--since", "1h").returncode == 0
    assert moca.stop() == 0


def test_the_database_stays_owned_while_a_worker_is_replaced_and_is_free_after_kill_9(
    moca: Service,
) -> None:
    first = moca.worker()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: moca.worker() != first)
    eventually(moca.answers)
    assert _other(moca).command().returncode == 1
    moca.kill()
    moca.start()
    assert moca.stop() == 0
