"""`moca check` runs cases of files and of the database, with a status for CI."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.cli.check import command
from moca.settings.sections import Settings
from moca.storage.db.bot_tables import StoredBot, StoredBotCases
from moca.storage.db.connection import open_database
from tests.support.databases import copy_migrated
from tests.support.factory import NOON

RULES = '[[rule]]\nname = "price"\nkeywords = ["price"]\nanswers = "20 €"\n'
SHOP = f'[replies]\ngenerator = "rules, fixed"\n\n{RULES}'
CASES = '[[case]]\nname = "[b]price"\nmessage = "price"\nexpect = { text = "20 €" }\n'
PASSED, FAILED = "1 passed, 0 failed, 0 need the model", "0 passed, 1 failed, 0 need the model"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a Moca whose database is not made yet."""
    url = f"sqlite:///{tmp_path}/moca.db"
    rules = {"generator": "rules, fixed", "rules": {"file": f"{tmp_path}/rules.toml"}}
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return Settings.model_validate({"database": {"url": url}, "replies": rules})


def check(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj=settings)


def told(settings: Settings, *arguments: str) -> tuple[int, str]:
    result = check(settings, *arguments)
    return result.exit_code, result.stdout.splitlines()[-1]


def test_a_file_is_checked_with_the_cases_beside_it(settings: Settings, tmp_path: Path) -> None:
    shop = tmp_path / "shop.toml"
    shop.write_text(SHOP, encoding="utf-8")
    (tmp_path / "shop.cases.toml").write_text(CASES, encoding="utf-8")
    assert told(settings, str(shop)) == (0, PASSED)
    assert "[b]price" in check(settings, str(shop)).stdout

    shop.write_text(SHOP.replace("20", "25"), encoding="utf-8")
    assert told(settings, str(shop)) == (1, FAILED)
    assert not (tmp_path / "moca.db").exists()


def test_the_settings_bot_is_checked_with_the_cases_beside_its_rules(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "rules.cases.toml").write_text(CASES, encoding="utf-8")
    assert told(settings) == (0, PASSED)
    assert told(settings, "default") == (0, PASSED)


def test_drafts_are_checked_with_the_cases_that_are_stored_for_them(
    settings: Settings, tmp_path: Path
) -> None:
    database = open_database(copy_migrated(tmp_path))
    with database.connection_context():
        StoredBot.create(name="shop", draft=SHOP, draft_revision=1, draft_by="ada", draft_at=NOON)
        wrong = CASES.replace("20", "25")
        StoredBotCases.create(bot="shop", cases=wrong, revision=1, saved_by="ada", saved_at=NOON)
    assert told(settings) == (1, FAILED)
    assert told(settings, "shop") == (1, FAILED)
    assert told(settings, "default") == (0, "0 passed, 0 failed, 0 need the model")


@pytest.mark.parametrize(
    ("document", "cases", "status"),
    [(SHOP, "[[case]]", 2), ("= no", CASES, 2), (SHOP, None, 1), (None, CASES, 1)],
)
def test_what_cannot_be_read_is_told(
    settings: Settings, tmp_path: Path, document: str | None, cases: str | None, status: int
) -> None:
    for name, text in (("shop.toml", document), ("shop.cases.toml", cases)):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
    result = check(settings, str(tmp_path / "shop.toml"))
    assert (result.exit_code, result.stdout) == (status, "")
    assert "shop" in result.stderr
    assert check(settings, "none").exit_code == 1
