"""No account is answered for another, and a removed one not at all."""

import json

from moca.core.accounts import NOT_CONNECTED, REMOVED
from tests.process.instagram import InstagramProcess
from tests.process.service import ACCESS_TOKEN, BEARER, Service, eventually
from tests.process.test_journey import WEBHOOK, posts, signed

OTHER = "17841400000000002"
STEPS = ["reception/received", "storage/stored", "outcome/suppressed"]


def _posts_for(service: Service, account_id: str, mid: str) -> None:
    said = {
        "sender": {"id": "8"},
        "recipient": {"id": account_id},
        "message": {"mid": mid, "text": "Hello"},
    }
    told = {"object": "instagram", "entry": [{"id": account_id, "messaging": [said]}]}
    body = json.dumps(told).encode()
    assert service.post(WEBHOOK, body, signed(body)).status_code == 200


def _because(service: Service, mid: str) -> str:
    found: str = service.get(f"/api/messages/{mid}/journey")["because"]
    return found


def test_in_live_mode_an_account_that_is_not_ours_is_stored_and_not_answered(
    beside: Service, stand_in: InstagramProcess
) -> None:
    beside.settings |= {"instagram.mode": "live", "instagram.verify_token": "the-verify-token"}
    beside.start()
    _posts_for(beside, OTHER, "m1")
    assert beside.outcome("m1") == "suppressed"
    assert (_because(beside, "m1"), beside.steps("m1")) == (NOT_CONNECTED, STEPS)

    mine = stand_in.write("7", "Hello")
    eventually(lambda: beside.outcome(mine) == "answered")
    assert list(stand_in.sent()) == ["7"]
    assert beside.stop() == 0


def test_a_removed_account_is_unsubscribed_and_stays_silent(moca: Service) -> None:
    account = {"account_id": OTHER, "access_token": f"{ACCESS_TOKEN}:{OTHER}"}
    body = json.dumps(account).encode()
    headers = BEARER | {"Content-Type": "application/json"}
    assert moca.post("/api/accounts", body, headers).status_code == 201
    _posts_for(moca, OTHER, "m1")
    eventually(lambda: moca.outcome("m1") == "answered")

    removed = moca.delete(f"/api/accounts/{OTHER}")
    assert removed == {"account_id": OTHER, "removed": True, "unsubscribed": True, "because": ""}
    _posts_for(moca, OTHER, "m2")
    assert (moca.outcome("m2"), _because(moca, "m2")) == ("suppressed", REMOVED)
    posts(moca, "m3")
    eventually(lambda: moca.outcome("m3") == "answered")
    assert moca.stop() == 0
