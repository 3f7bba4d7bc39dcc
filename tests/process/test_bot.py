"""Bots are listed and exchanged as files, while Moca runs and while it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from actors.cli.bot_changes import BotImport, import_bot
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate
from moca.storage.queries.team.bots import find_bot
from tests.process.service import Service

PRICES = """# Kept in git.
[replies]
generator = "rules, fixed"

[[rule]]
name = "price"  # in euros
keywords = ["price"]
answers = "20 €"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The file of a bot."""
    file = tmp_path / "shop.toml"
    file.write_bytes(PRICES.encode())
    return file


def done(service: Service, *arguments: str) -> str:
    ended = service.command("bot", *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_bot_is_imported_published_and_exported_to_the_same_bytes(
    make: Callable[[dict[str, Any]], Service], shop: Path
) -> None:
    service = make({})
    assert done(service, "import", str(shop)) == (
        "bot shop: saved as a draft, revision 1; publish it with --publish\n"
    )
    assert done(service, "import", str(shop), "--publish") == ("bot shop: published as version 1\n")
    assert done(service, "export", "shop") == PRICES
    assert "shop" in done(service, "list")

    shop.write_bytes(PRICES.replace("20", "25").encode())
    done(service, "import", str(shop))
    changes = [line for line in done(service, "diff", "shop").splitlines() if line[1:2] != line[:1]]
    assert '-answers = "20 €"' in changes
    assert '+answers = "25 €"' in changes


def test_a_running_moca_imports_by_itself(
    make: Callable[[dict[str, Any]], Service], shop: Path
) -> None:
    service = make({})
    service.start()
    assert done(service, "import", str(shop), "--publish", "--note", "New") == (
        "bot shop: published as version 1\n"
    )
    assert done(service, "export", "shop") == PRICES


def test_every_fault_of_a_file_is_told(
    make: Callable[[dict[str, Any]], Service], shop: Path
) -> None:
    shop.write_text('[conversation]\ndebounce_seconds = -1\n[replies.model]\napi_key = "x"\n')
    ended = make({}).command("bot", "import", str(shop))
    assert ended.returncode == 2
    assert [line.split(": ")[1] for line in ended.stderr.splitlines()] == [
        "conversation.debounce_seconds",
        "replies.model.api_key",
    ]


def test_what_does_not_exist_is_told(make: Callable[[dict[str, Any]], Service], shop: Path) -> None:
    service = make({})
    done(service, "import", str(shop))
    for arguments in (("export", "none"), ("export", "shop"), ("diff", "shop", "9")):
        ended = service.command("bot", *arguments)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "shop" in ended.stderr or "none" in ended.stderr


@pytest.mark.parametrize("is_running", [False, True], ids=["stopped", "running"])
def test_a_bot_that_no_account_has_is_deleted(
    make: Callable[[dict[str, Any]], Service], shop: Path, is_running: bool
) -> None:
    service = make({})
    done(service, "import", str(shop), "--publish")
    if is_running:
        service.start()
    assert done(service, "delete", "shop") == (
        "bot shop: deleted; its versions stay on the page /bots\n"
    )
    assert "shop" not in done(service, "list")
    for name, status in (("shop", 1), ("default", 2)):
        ended = service.command("bot", "delete", name)
        assert (ended.returncode, ended.stdout) == (status, "")
        assert name in ended.stderr


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60))
def test_whatever_is_imported_is_exported_to_the_same_bytes(tmp_path: Path, comment: str) -> None:
    document = f"# {comment}\r\n[replies.fixed]\ntext = 'hello'\n"
    url = f"sqlite:///{tmp_path}/moca.db"
    moca = Settings.model_validate({"database": {"url": url}})
    database = open_database(url)
    migrate(database)

    workshop = Workshop(moca, BotFactory(moca, lambda _name: BudgetRecord()))
    import_bot(moca, workshop, BotImport("shop", document))
    with database.connection_context():
        bot = find_bot("shop")
    assert bot is not None
    assert bot.draft == document


CASES = '[[case]]\nname = "price"\nmessage = "the price?"\nexpect = { text = "20 €" }\n'


def test_a_bot_whose_cases_fail_is_published_only_for_a_reason(
    make: Callable[[dict[str, Any]], Service], shop: Path
) -> None:
    cases = shop.with_name("shop.cases.toml")
    cases.write_text(CASES)
    service = make({})
    done(service, "import", str(shop), "--publish")
    assert done(service, "export", "shop", "--cases") == CASES

    shop.write_bytes(PRICES.replace("20", "25").encode())
    refused = service.command("bot", "import", str(shop), "--publish")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "price: text: expected '20 €', but it is '25 €'" in refused.stderr
    failed = service.command("check")
    assert (failed.returncode, failed.stdout.splitlines()[-1].partition(", 0 need")[0]) == (
        1,
        "0 passed, 1 failed",
    )
    reason = ("--publish", "--override-reason", "Dearer.")
    assert done(service, "import", str(shop), *reason) == "bot shop: published as version 2\n"
