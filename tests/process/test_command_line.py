"""Terminal output and exit statuses."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.process.instagram import HeldInstagram
from tests.process.service import ACCESS_TOKEN, APP_SECRET, TOKEN, Service, eventually
from tests.process.test_journey import WEBHOOK, posts, signed, webhook

TEXT = "a-text-that-nobody-else-may-read"


def test_bad_settings_are_told_all_at_once(make: Callable[[dict[str, Any]], Service]) -> None:
    service = make({"server.prt": 1, "server.threads": "many", "sender.per_second": 0})
    ended = service.command()
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.splitlines()
    assert len(lines) == 3
    for name in ("server.prt", "server.threads", "sender.per_second"):
        assert any(name in line for line in lines), lines
    assert "did you mean" in ended.stderr


@pytest.mark.parametrize("code", ["XX", "DE-XX"])
def test_a_country_without_holidays_is_a_bad_setting(
    make: Callable[[dict[str, Any]], Service], code: str
) -> None:
    service = make({"business_hours.enabled": "true", "business_hours.holidays": code})
    ended = service.command()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("settings: business_hours.holidays: ")


def test_live_mode_refuses_to_start_without_its_secrets(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    ended = make({"instagram.mode": "live"}).command()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.split(": ")[1] for line in ended.stderr.splitlines()] == [
        "instagram.app_secret",
        "instagram.verify_token",
        "instagram.access_token",
    ]


def test_a_port_in_use_is_told_in_one_line(make: Callable[[dict[str, Any]], Service]) -> None:
    service = make({})
    with socket.create_server(("127.0.0.1", service.port)):
        ended = service.command()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Port {service.port} is already in use; ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_database_that_cannot_be_used_is_told_without_its_password(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    url = "postgresql://moca:the-password@127.0.0.1:1/moca"
    ended = make({"database.url": url}).command()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("database.url: postgresql://")
    assert "the-password" not in ended.stderr


@pytest.mark.parametrize("arguments", [["serv"], ["journey"], ["--no-such-option"]])
def test_a_wrong_usage_ends_with_two(
    make: Callable[[dict[str, Any]], Service], arguments: list[str]
) -> None:
    ended = make({}).command(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Usage:" in ended.stderr


def test_a_message_that_nobody_sent_has_no_journey(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    ended = make({}).command("journey", "m404")
    assert (ended.returncode, ended.stderr) == (1, "no message with the id m404\n")


def test_the_settings_are_shown_and_the_secrets_masked(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    secrets = {
        "instagram.app_secret": APP_SECRET,
        "instagram.verify_token": "the-verify-token",
        "instagram.access_token": ACCESS_TOKEN,
        "database.url": "postgresql://moca:the-password@db/moca",
        "cluster.broker_url": "amqp://moca:the-password@mq",
    }
    ended = make(secrets).command("settings")
    assert (ended.returncode, ended.stderr) == (0, "")
    shown = [each for each in (*secrets.values(), TOKEN, "the-password") if each in ended.stdout]
    assert shown == []
    for name in secrets:
        assert name in ended.stdout


def test_no_log_line_holds_a_secret_or_what_a_person_wrote(
    beside: Service, held: HeldInstagram
) -> None:
    beside.settings |= {"log.format": "json", "replies.mock_text": f"reply to {TEXT}"}
    held.holds_before = True
    beside.start()
    posts(beside, "m1", TEXT)
    beside.post(WEBHOOK, webhook("m2", TEXT).encode(), signed(b"another body"))
    beside.post(WEBHOOK, TEXT.encode(), signed(TEXT.encode()))
    beside.get(f"/api/messages/{TEXT}")
    assert held.is_held.wait(15)
    held.release()
    eventually(lambda: beside.outcome("m1") == "answered")
    assert beside.stop() == 0

    lines = (beside.path / "err.txt").read_text()
    assert '"event": "messages_arrived"' in lines
    assert '"m1"' not in lines
    private = (TEXT, TOKEN, APP_SECRET, ACCESS_TOKEN)
    assert [each for each in private if each in lines] == []


def test_the_environment_is_completed_by_a_file(make: Callable[[dict[str, Any]], Service]) -> None:
    service = make({"server.threads": 7})
    (service.path / ".env").write_text(
        "MOCA_SERVER__THREADS=9\nMOCA_SENDER__PER_SECOND=5\nMOCA_DATA_DIR=data\n"
    )
    shown = service.command("settings").stdout
    values = {row[1]: row[2] for row in (line.split("│") for line in shown.splitlines()) if row[2:]}
    read = {name.strip(): value.strip() for name, value in values.items()}
    assert (read["server.threads"], read["sender.per_second"]) == ("7", "5")
    assert read["database.url"] == f"sqlite:///{service.path}/data/moca.db"


def test_a_file_of_the_environment_that_cannot_be_read_is_told(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make({})
    (service.path / ".env").write_bytes(b"MOCA_WEB__API_TOKEN=\xff")
    ended = service.command("settings")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("settings: .env: ")
    assert len(ended.stderr.splitlines()) == 1
