import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from actors.cli.migrate import command
from moca.settings.reader import read_settings
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate
from tests.storage.old_databases import OLD_DATABASES, unpack


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The place of the database."""
    return tmp_path / "moca.db"


@pytest.fixture
def ask(path: Path) -> Callable[..., tuple[int, str, str]]:
    """Runs `moca migrate` with arguments; returns its status, output and errors."""
    settings = read_settings(None, {"MOCA_DATABASE__URL": f"sqlite:///{path}"})

    def asked(*arguments: str) -> tuple[int, str, str]:
        ended = CliRunner().invoke(command, arguments, obj=settings)
        return ended.exit_code, ended.stdout, ended.stderr

    return asked


def test_a_database_of_this_version_is_up_to_date(
    path: Path, ask: Callable[..., tuple[int, str, str]]
) -> None:
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    up_to_date = (0, "The database is up to date.\n", "")
    assert ask("--check") == up_to_date
    assert ask() == up_to_date


def test_an_older_database_is_upgraded_and_each_migration_is_announced(
    path: Path, ask: Callable[..., tuple[int, str, str]]
) -> None:
    unpack(OLD_DATABASES[0], path)

    status, told, problem = ask("--check")
    due = told.splitlines()
    assert (status, due[0]) == (1, "003_accounts")
    assert problem == (
        f"migrations due: {len(due)}; the next start, or moca migrate, carries them out\n"
    )
    announced = [
        f"Upgrading the database: {name} ({number} of {len(due)})"
        for number, name in enumerate(due, 1)
    ]
    status, told, announcements = ask()
    assert (status, told) == (0, "The database is up to date.\n")
    assert announcements.splitlines() == announced
    assert ask("--check")[0] == 0


def test_nothing_is_said_of_migrations_while_a_new_database_is_created(
    path: Path, ask: Callable[..., tuple[int, str, str]]
) -> None:
    status, _, problem = ask("--check")
    assert status == 1
    assert problem.startswith(f"sqlite:///{path} cannot be read: ")
    assert not path.exists()
    assert ask() == (0, "The database is up to date.\n", "")


def test_a_database_of_a_newer_version_is_left_alone(
    path: Path, ask: Callable[..., tuple[int, str, str]]
) -> None:
    assert ask()[0] == 0
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO migratehistory (name, migrated_at) VALUES ('999_later', '')")
        database.commit()
    for arguments in (("--check",), ()):
        status, told, problem = ask(*arguments)
        assert (status, told) == (1, "")
        assert "a newer version of Moca wrote it (999_later)" in problem


def test_a_check_copies_nothing(ask: Callable[..., tuple[int, str, str]]) -> None:
    status, _, problem = ask("--check", "--to", "sqlite:///other.db")
    assert (status, "use either --check or --to" in problem) == (2, True)
