from datetime import timedelta

import peewee
import pytest
from flask.testing import FlaskClient

from moca.core.account_scope import AccountScope
from moca.storage.db.metric_tables import ArrivalHour, ReconciledAccount
from moca.storage.queries.delivery_health import WebhookShare, count_arrivals
from tests.web.rows import AT

ACCOUNT = "17841400000000001"
SILENCE = "no webhook has arrived since noon; connect the account again"
MIDNIGHT = AT.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def compared(database: peewee.Database) -> None:
    ReconciledAccount.create(account_id=ACCOUNT, compared_until=AT, last_arrival_at=AT)
    for hours, delivered, missed in ((0, 6, 1), (1, 3, 0), (-24, 2, 0), (-24 * 14, 100, 0)):
        hour = MIDNIGHT + timedelta(hours=hours)
        ArrivalHour.create(account_id=ACCOUNT, hour=hour, delivered=delivered, missed=missed)


def be_silent() -> None:
    ReconciledAccount.update(quiet_since_at=AT, quiet_because=SILENCE).execute()


def test_stats_tell_how_much_came_by_webhook(compared: None, client: FlaskClient) -> None:
    (delivery,) = client.get("/api/stats").get_json()["delivery"]

    assert delivery["days"] == [
        {"day": str((AT - timedelta(days=1)).date()), "delivered": 2, "missed": 0},
        {"day": str(AT.date()), "delivered": 9, "missed": 1},
    ]
    assert delivery["share"] == pytest.approx(11 / 12)
    assert delivery["quiet_since_at"] is None


def test_arrivals_are_counted_by_account_since_an_instant(
    compared: None, database: peewee.Database
) -> None:
    ArrivalHour.create(account_id="1784", hour=MIDNIGHT, delivered=4, missed=2)
    with database.connection_context():
        assert count_arrivals(MIDNIGHT) == {
            ACCOUNT: WebhookShare(9, 1),
            "1784": WebhookShare(4, 2),
        }
        ours = AccountScope(frozenset({ACCOUNT}))
        assert count_arrivals(MIDNIGHT - timedelta(days=1), ours) == {ACCOUNT: WebhookShare(11, 1)}


def test_status_readiness_and_the_inbox_say_that_an_account_has_gone_quiet(
    compared: None, client: FlaskClient, stranger: FlaskClient
) -> None:
    assert client.get("/statusz").get_json()["warnings"] == []
    be_silent()

    assert client.get("/statusz").get_json()["warnings"] == [f"account {ACCOUNT}: {SILENCE}"]
    assert SILENCE in client.get("/").text
    ready = stranger.get("/readyz")
    said = ["no webhooks arrive any more for 1 account; see /statusz"]
    assert (ready.status_code, ready.get_json()["warnings"]) == (200, said)


def test_metrics_count_the_accounts_that_have_gone_quiet(
    compared: None, client: FlaskClient
) -> None:
    assert "moca_quiet_accounts 0.0" in client.get("/metrics").text
    be_silent()
    assert "moca_quiet_accounts 1.0" in client.get("/metrics").text
