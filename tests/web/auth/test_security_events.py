"""The traces of security events: counts, log lines, audit entries."""

from datetime import timedelta

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.logs import hash_names_with
from moca.storage.db.operator_tables import AuditEntry
from moca.web.metrics.prometheus import Metrics
from tests.web.auth.test_login import PASSWORD, an_operator, keep_logins, logs_in
from tests.web.auth.test_login_limits import wrong_tokens
from tests.web.conftest import TOKEN, Backend
from tests.web.forms import sends
from tests.web.rows import a_contact


def audited() -> list[tuple[str, str, str]]:
    query = AuditEntry.select().order_by(AuditEntry.id)
    return [(row.who, row.what, row.about) for row in query]


def counted(metrics: Metrics, event: str) -> float:
    line = f'moca_security_events_total{{event="{event}"}} '
    told = metrics.exposition().decode().partition(line)[2]
    return float(told.partition("\n")[0] or 0)


def test_refused_logins_are_counted_logged_and_audited_once_a_minute(
    app: Flask, metrics: Metrics, frozen: FrozenDateTimeFactory
) -> None:
    ada = an_operator()
    client = app.test_client()
    with structlog.testing.capture_logs() as lines:
        for _ in range(7):
            logs_in(client, password="guess")
        logs_in(client, "my password", "guess")

    assert [counted(metrics, f"login_{end}") for end in ("refused", "locked")] == [6, 2]
    assert audited() == [
        ("system", "login failed", f"user {ada.id} (ada), from 127.0.0.1"),
        ("system", "logins blocked: too many attempts", f"user {ada.id} (ada), from 127.0.0.1"),
        ("system", "login failed", "an unknown name, from 127.0.0.1"),
    ]
    told = [line for line in lines if line["event"].startswith("security.")]
    assert [line["event"] for line in told] == [
        *["security.login_refused"] * 5,
        "security.login_locked",
        "security.login_refused",
    ]
    assert {line["address"] for line in told} == {"127.0.0.1"}
    assert "ada" not in {line["name"] for line in told}
    assert "my password" not in str(lines)

    frozen.tick(timedelta(minutes=15))
    logs_in(client, password="guess")
    assert len(audited()) == 4


def names_logged_with(client: FlaskClient, key: bytes) -> list[str]:
    hash_names_with(key)
    with structlog.testing.capture_logs() as lines:
        logs_in(client, "my password", "guess")
    return [line["name"] for line in lines if line["event"] == "security.login_refused"]


def test_a_name_is_logged_by_a_hash_that_nobody_can_make_without_the_kept_key(
    app: Flask, frozen: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.logs._hash_key", b"")
    client = app.test_client()

    with_one, with_another = names_logged_with(client, b"1"), names_logged_with(client, b"2")

    assert [len(with_one), len(with_another)] == [1, 1]
    assert with_one != with_another
    assert names_logged_with(client, b"1") == with_one


def test_a_flood_of_fresh_names_fills_no_table(app: Flask, frozen: FrozenDateTimeFactory) -> None:
    client = app.test_client()
    for minute in range(2):
        for number in range(50):
            logs_in(client, f"name {minute} {number}", "guess")
        frozen.tick(timedelta(minutes=1))

    assert AuditEntry.select().count() == 3


def test_wrong_tokens_and_opened_links_are_counted_logged_and_audited(
    stranger: FlaskClient, metrics: Metrics
) -> None:
    with structlog.testing.capture_logs() as lines:
        wrong_tokens(stranger, 22)
        stranger.get("/", query_string={"token": TOKEN})

    names = ("token_refused", "token_locked", "link_opened")
    assert [counted(metrics, name) for name in names] == [20, 2, 1]
    assert audited() == [
        ("system", "incorrect token", "from 127.0.0.1"),
        ("system", "tokens blocked: too many attempts", "from 127.0.0.1"),
        ("link", "logged in with the link", "session 1 (from 127.0.0.1)"),
    ]
    assert TOKEN not in str(lines)


def test_a_login_is_not_refused_because_its_refusal_cannot_be_audited(
    app: Flask, backend: Backend
) -> None:
    backend.refuses = RuntimeError("the system is stopping")

    assert logs_in(app.test_client(), password="guess").status_code == 403


def test_an_export_is_counted_and_audited(
    client: FlaskClient, metrics: Metrics, backend: Backend
) -> None:
    contact = a_contact()

    assert client.get(f"/api/contacts/{contact.psid}/export").status_code == 200

    assert counted(metrics, "exported") == 1
    assert audited() == [("token", "exported a contact", f"contact {contact.id}")]


def test_nothing_is_exported_that_cannot_be_audited(client: FlaskClient, backend: Backend) -> None:
    contact = a_contact()
    backend.refuses = RuntimeError("the system is stopping")

    assert client.get(f"/api/contacts/{contact.psid}/export").status_code == 503


@pytest.mark.parametrize("name", ["token", "Link", "API", "system"])
def test_an_operator_is_not_named_like_one_of_moca_s_own(
    browser_session: FlaskClient, backend: Backend, name: str
) -> None:
    answer = sends(browser_session, "/users", name=name, right="reads", password=PASSWORD)

    assert (answer.status_code, backend.commands) == (422, [])


def test_deeds_name_operators_by_number_and_name(app: Flask, backend: Backend) -> None:
    ada = an_operator(role="administers")
    ben = an_operator("ben")
    keep_logins(backend)
    client = app.test_client()
    logs_in(client)
    backend.audited.clear()

    sends(client, f"/users/{ben.id}/right", right="reads")
    sends(client, f"/users/{ben.id}/remove")

    assert backend.audited == [
        ("ada", "changed a role to Viewer", f"user {ben.id} (ben)"),
        ("ada", "removed a user", f"user {ben.id} (ben)"),
    ]
    assert backend.author_ids[-1] == ada.id
