"""The token of pages and API: what is printed of it, and how long it is valid."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from actors.cli.api_token import ChosenApiToken, start_lines
from actors.cli.process import database_line
from moca.settings.reader import read_settings
from tests.process.service import ACCESS_TOKEN, APP_SECRET, BRISK, TOKEN, Service

LIVE = {
    "instagram.mode": "live",
    "instagram.app_secret": APP_SECRET,
    "instagram.verify_token": "the-verify-token-of-the-test",
    "instagram.access_token": ACCESS_TOKEN,
    "instagram.account_id": "17841400000000001",
    "instagram.graph_url": "http://127.0.0.1:9",
    "instagram.compare_seconds": "0",
}


def printed(service: Service) -> list[str]:
    return (service.path / "out.txt").read_text().splitlines()


def new_database(service: Service) -> str:
    place = service.path / "moca.db"
    return f"Database: {place} (a new file; to use another, set database.url)"


def opens(service: Service, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{service.url}/api/queue", headers=headers, timeout=10).status_code == 200


def test_a_configured_token_is_never_printed(make: Callable[[dict[str, Any]], Service]) -> None:
    service = make(BRISK | LIVE)
    service.start()
    assert service.stop() == 0

    assert TOKEN not in service.said()
    assert printed(service) == [
        f"Moca (live) — open {service.url}/ and log in by name or with web.api_token",
        new_database(service),
    ]


def test_the_link_of_the_sandbox_lives_on_after_a_restart(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make(BRISK | {"web.api_token": ""})
    service.start()
    assert service.stop() == 0
    service.start()

    first, kept, new, again, _, old = printed(service)
    token = first.partition("/?token=")[2]
    assert again == first == f"Moca (sandbox) — open {service.url}/?token={token}"
    assert kept == (
        "The token is stored in moca.db.token. To change it, delete the file and restart."
    )
    assert (new, old) == (
        new_database(service),
        f"Database: {service.path}/moca.db",
    )
    assert opens(service, token)
    file = service.path / "moca.db.token"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (token, 0o600)


def test_a_live_instance_prints_a_made_token_to_no_log(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make(BRISK | LIVE | {"web.api_token": ""})
    service.start()

    token = (service.path / "moca.db.token").read_text()
    assert len(token) >= 24
    assert opens(service, token)
    assert token not in service.said()
    assert printed(service) == [
        f"Moca (live) — open {service.url}/",
        "The token is stored in moca.db.token. To change it, delete the file and restart.",
        new_database(service),
    ]


def test_a_token_that_cannot_be_kept_says_what_to_do(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make({"web.api_token": ""})
    (service.path / "moca.db.token").mkdir()

    ended = service.command()

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("moca.db.token: the API token cannot be saved there (")
    assert "set web.api_token" in ended.stderr


def test_a_crowd_finds_the_token_of_the_moca_that_runs_here(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    moca = make(BRISK | {"web.api_token": "", "sender.per_second": 100})
    moca.start()

    ended = moca.command("simulate", "--contacts", "2", "--per-second", "20", "--minutes", "0.005")

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_at_a_terminal_a_live_instance_prints_the_link_of_the_token_it_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {f"MOCA_{name.upper().replace('.', '__')}": value for name, value in LIVE.items()}
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    lines = start_lines(read_settings(None, names), ChosenApiToken(SecretStr("made"), Path("kept")))

    assert lines == [
        "Moca (live) — open http://127.0.0.1:8000/?token=made",
        "The token is stored in kept. To change it, delete the file and restart.",
    ]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        (
            "postgresql://moca:the-password@db/moca",
            "Database: postgresql://moca:••••••••@db/moca",
        ),
        (
            "sqlite:////nowhere/a%20b.db",
            "Database: /nowhere/a b.db (a new file; to use another, set database.url)",
        ),
    ],
)
def test_the_place_of_the_database_is_printed_without_its_password(url: str, line: str) -> None:
    assert database_line(url) == line
