"""The doctor on the terminal, beside a Moca that serves."""

from collections.abc import Callable
from typing import Any

import requests

from tests.process.service import BEARER, Service, eventually


def test_the_doctor_says_what_to_do_and_ends_with_one_until_it_is_done(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make({"instagram.app_id": "77"})
    before = service.command("doctor")
    assert before.returncode == 1
    assert "start Moca" in before.stdout

    service.start()
    write(service)
    eventually(lambda: service.get("/api/queue")["items"])
    healthy = service.command("doctor")
    assert (healthy.returncode, healthy.stderr) == (0, ""), healthy.stdout
    assert "Fix" not in healthy.stdout

    troubled(service, "token")
    ill = service.command("doctor")
    assert ill.returncode == 1
    assert "connect the account again" in ill.stdout


def test_a_wrong_key_is_told_at_the_start(make: Callable[[dict[str, Any]], Service]) -> None:
    service = make({})
    service.start()
    account = {"account_id": "17841400000000002", "access_token": "the-token-to-be-sealed"}
    assert ask(service, "POST", "/api/accounts", account).status_code == 201
    service.stop()
    key = service.path / "moca.db.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"the-token-to-be-sealed" not in (service.path / "moca.db").read_bytes()
    key.unlink()
    ended = service.command()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "moca.db.key cannot be read" in ended.stderr


def write(service: Service) -> None:
    assert ask(service, "POST", "/sandbox/write", {"psid": "700", "text": "hi"}).status_code == 202


def troubled(service: Service, *troubles: str) -> None:
    answer = ask(service, "PUT", "/sandbox/troubles", {"troubles": list(troubles)})
    assert answer.json() == {"troubles": list(troubles)}


def ask(service: Service, method: str, path: str, body: dict[str, Any]) -> requests.Response:
    url = service.url + path
    return service._session.request(method, url, json=body, headers=BEARER, timeout=10)
