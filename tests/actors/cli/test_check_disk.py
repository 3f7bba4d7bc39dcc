from pathlib import Path

from click.testing import CliRunner

from actors.cli.check_disk import command
from moca.settings.reader import read_settings
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate
from tests.storage.desk import Desk


def run(url: str) -> tuple[int, str, str]:
    """Run `moca check-disk`; return its status, output and errors."""
    settings = read_settings(None, {"MOCA_DATABASE__URL": url})
    ended = CliRunner().invoke(command, [], obj=settings)
    return ended.exit_code, ended.stdout, ended.stderr


def test_each_table_is_listed_with_its_indexes_and_the_largest_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/moca.db"
    database = open_database(url)
    migrate(database)
    with database.connection_context():
        desk = Desk(database)
        for number in range(300):
            desk.receive(f"m{number}", "hello " * 100, seconds=number)
    database.close()

    status, shown, problem = run(url)

    assert (status, problem) == (0, "")
    rows = [line.split("│")[1:3] for line in shown.splitlines() if line.startswith("│")]
    assert rows[0][0].strip() == "message"
    assert rows[0][1].strip().endswith("kB")
    assert shown.splitlines()[-1].startswith("the database has ")


def test_a_database_that_is_not_there_is_named_and_not_created(tmp_path: Path) -> None:
    status, shown, problem = run(f"sqlite:///{tmp_path}/none/moca.db")
    assert (status, shown) == (1, "")
    assert problem.startswith(f"sqlite:///{tmp_path}/none/moca.db cannot be read: ")
