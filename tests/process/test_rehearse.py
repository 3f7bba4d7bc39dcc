"""Stored webhooks are replayed on the terminal, with the same settings and with others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.process.service import ACCOUNT, Service
from tests.rehearsal.history import recorded_messages
from tests.support.factory import BEN

RULES = """
[[rule]]
name = "prices"
keywords = ["price"]
answers = "Shirts are 20 €."
"""

OTHER = """
[conversation]
cooldown_seconds = 600

[replies]
generator = "rules, mock"

[replies.rules]
file = "rules.toml"
"""


@pytest.fixture
def service(make: Callable[[dict[str, Any]], Service], tmp_path: Path) -> Service:
    """A Moca that ran two days ago; names are not read."""
    begin = datetime.now(UTC) - timedelta(days=2)
    with recorded_messages(tmp_path, begin) as history:
        history.receive("hello", "m1")
        history.receive("what is the price?", "m2", BEN)
        history.advance(50)
        history.receive("are you there?", "m3")
        history.advance(60)
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "other.toml").write_text(OTHER)
    return make({"instagram.account_id": ACCOUNT})


def test_the_same_settings_show_no_difference(service: Service) -> None:
    ended = service.command("rehearse", "--since", "3d")
    assert (ended.returncode, ended.stderr.strip()) == (0, ""), ended.stdout
    assert "6 webhooks replayed, 3 messages compared, nothing sent." in ended.stdout
    assert "then" not in ended.stdout.splitlines()[1]


def test_other_rules_and_another_cooldown_are_shown_as_a_table_and_as_a_page(
    service: Service,
) -> None:
    before = (service.path / "moca.db").read_bytes()
    ended = service.command("rehearse", "--config", "other.toml", "--html", "rehearsal.html")
    assert (ended.returncode, ended.stderr.strip()) == (0, ""), ended.stdout
    page = (service.path / "rehearsal.html").read_text()
    for told in (ended.stdout, page):
        assert "Shirts are 20 €." in told
        assert "rules: " in told
        assert "after 9." in told
        assert "at another time" in told
    assert (service.path / "moca.db").read_bytes() == before


def test_only_so_many_differences_are_shown(service: Service) -> None:
    ended = service.command("rehearse", "--config", "other.toml", "--limit", "1")
    assert "Differences not shown (use --limit): 1" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--since", "soon"], 2, "'soon' is not a duration such as 90m, 12h, 7d or 2w"),
        (["--config", "none.toml"], 2, "none.toml: no such file"),
        (["--html", "none/page.html"], 2, "none is not a directory"),
    ],
)
def test_what_cannot_be_rehearsed_is_told(
    service: Service, arguments: list[str], status: int, told: str
) -> None:
    ended = service.command("rehearse", *arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert told in ended.stderr


def test_a_database_that_is_not_there_is_told_and_not_made(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make({})
    ended = service.command("rehearse")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "database.url: sqlite:///moca.db cannot be read" in ended.stderr
    assert not (service.path / "moca.db").exists()
