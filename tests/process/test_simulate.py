"""Simulated contacts write to a running sandbox, and the figures are printed."""

from collections.abc import Callable
from typing import Any

from tests.process.service import BRISK, Service

QUICK = BRISK | {
    "sender.per_second": 100,
    "conversation.dedup_seconds": 0,
    "sender.user_cooldown_seconds": 0,
}


def rows(told: str) -> dict[str, str]:
    """Return the table: what, and how many."""
    lines = [line.split("│") for line in told.splitlines() if line.count("│") == 3]
    return {name.strip(): value.strip() for _, name, value, _ in lines}


def test_a_crowd_is_answered_and_nobody_is_lost_or_answered_twice(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    moca = make(QUICK)
    moca.start()

    ended = moca.command(
        "simulate", "--contacts", "8", "--per-second", "20", "--minutes", "0.05", "--patience", "20"
    )

    told = rows(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (told["written"], told["open"], told["failed"]) == ("60", "0", "0")
    assert (told["rejected"], told["lost"], told["answered twice"]) == ("0", "0", "0")
    assert int(told["answered"]) + int(told["duplicate"]) == 60
    assert told["time to reply, p95"].endswith(" s")


def test_nobody_writes_where_real_people_would_be_answered(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    live = {
        "instagram.mode": "live",
        "instagram.app_secret": "a-secret",
        "instagram.verify_token": "a-verify-token",
        "instagram.access_token": "an-access-token",
        "instagram.account_id": "17841400000000001",
    }
    ended = make(live).command("simulate", "--minutes", "0.01")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "only in sandbox mode" in ended.stderr


def test_without_a_running_moca_it_says_what_to_do(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    ended = make({}).command("simulate", "--minutes", "0.01")
    assert ended.returncode == 1
    assert "start Moca first" in ended.stderr
