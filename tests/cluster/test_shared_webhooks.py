"""A webhook that concerns several owners: each stores only its own share."""

import json

import pytest

from moca.core.partition import partition_of
from moca.core.types import ContactKey
from moca.storage.db.tables import Webhook
from tests.cluster.stepped import PARTITIONS, SteppedCluster
from tests.support.factory import ANNA, BEN


@pytest.fixture
def cluster(stepped: SteppedCluster) -> SteppedCluster:
    stepped.open("a")
    stepped.advance(10)
    return stepped


def body_of(*told: tuple[ContactKey, dict[str, bool | str]]) -> bytes:
    items = [
        {
            "sender": {"id": contact.psid},
            "recipient": {"id": contact.account_id},
            "message": message,
        }
        for contact, message in told
    ]
    entry = {"id": ANNA.account_id, "messaging": items}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


def bodies(cluster: SteppedCluster) -> list[bytes]:
    with cluster.database.connection_context():
        return [bytes(row.body) for row in Webhook.select()]


def test_what_was_unsent_stays_in_no_webhook_that_told_it_beside_another_owners(
    cluster: SteppedCluster,
) -> None:
    assert partition_of(ANNA, PARTITIONS) != partition_of(BEN, PARTITIONS)
    cluster["a"].takes(body_of((ANNA, {"mid": "m1", "text": "secret"}), (BEN, {"mid": "m2"})))
    cluster.advance(5)
    cluster["a"].takes(body_of((ANNA, {"mid": "m1", "is_deleted": True})))
    cluster["a"].takes(body_of((ANNA, {"mid": "m1", "text": "secret"}), (BEN, {"mid": "m2"})))
    cluster.advance(5)
    assert [body for body in bodies(cluster) if b"secret" in body] == []
