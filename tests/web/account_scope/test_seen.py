"""What is of the accounts in scope is seen and changed as if there were no others."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from moca.storage.db.tables import Message
from tests.web.account_scope.requests import addresses, asks, is_about_all, routes
from tests.web.account_scope.world import OURS, THEIRS, SharedInbox, item_id

LIVE = {"X-Moca-Live": "1"}
PAGES = (
    "/",
    "/?list=mine",
    "/?list=mentions",
    "/?list=all_open",
    "/?label=1",
    "/needs-reply",
    "/queue",
    "/queue?status=pending",
    f"/conversations/{OURS.ids}",
    f"/messages/{OURS.mid}",
)
_VERSION = re.compile(r'data-version="[^"]*"|\bvalue="[\w.-]{16,}"')


def lists(world: SharedInbox) -> dict[str, Any]:
    """Return what the API answers to every reading request about our account, by address."""
    found = {}
    for method, rule in routes(world.app):
        is_read = method == "GET" and rule.rule.startswith("/api/") and not is_about_all(rule)
        for address in addresses(rule, OURS) if is_read else ():
            answer = world.agent().get(address)
            found[address] = (answer.status_code, answer.get_json())
    return found


def without_event_ids(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out ids of the feed, which are those of all accounts."""
    for address, (_, told) in found.items():
        if address.startswith("/api/events"):
            told.pop("next")
            for each in told["items"]:
                each.pop("id")
    return found


def test_one_account_is_seen_as_if_there_were_no_other(worlds: Callable[..., SharedInbox]) -> None:
    alone = without_event_ids(lists(worlds(OURS)))
    limited = without_event_ids(lists(worlds(OURS, THEIRS, limits=(OURS,))))
    assert len(alone) > 20
    assert {status for status, _ in alone.values()} == {200}
    for address, told in alone.items():
        assert limited[address] == told, address


def test_pages_refresh_as_if_there_were_no_other_account(
    worlds: Callable[..., SharedInbox],
) -> None:
    def fragments(world: SharedInbox) -> dict[str, str]:
        shown = {path: world.agent().get(path, headers=LIVE).text for path in PAGES}
        return {path: _VERSION.sub("", text) for path, text in shown.items()}

    alone = fragments(worlds(OURS))
    limited = fragments(worlds(OURS, THEIRS, limits=(OURS,)))
    for path in PAGES:
        assert OURS.word in alone[path], path
        assert limited[path] == alone[path], path


@pytest.mark.parametrize("kind", ["agent", "key"])
def test_every_act_on_ones_own_account_works(worlds: Callable[..., SharedInbox], kind: str) -> None:
    acts = [
        (method, rule)
        for method, rule in routes(worlds().app)
        if method != "GET"
        and not is_about_all(rule)
        and (rule.rule.startswith("/api/") or kind == "agent")
    ]
    for method, rule in acts:
        client = getattr(worlds(OURS, THEIRS, limits=(OURS,)), kind)()
        (address,) = addresses(rule, OURS)
        answer = asks(client, method, rule, address, OURS)
        is_for_admins = kind == "agent" and "You need admin rights" in answer.text
        # 409: it reached what it is about, which is in no state for it.
        is_done = answer.status_code < 400 or answer.status_code == 409
        assert is_done or is_for_admins, (address, answer.text)
    assert len(acts) >= 20


def test_a_message_that_two_accounts_have_is_ones_own(worlds: Callable[..., SharedInbox]) -> None:
    world = worlds(THEIRS, OURS, limits=(OURS,))
    Message.update(mid="both").where(Message.id << (OURS.ids, THEIRS.ids)).execute()
    Message.update(kind="a").where(Message.id == THEIRS.ids).execute()
    for path in ("/messages/both", "/api/messages/both", "/api/messages/both/journey"):
        answer = world.agent().get(path)
        assert (answer.status_code, THEIRS.word in answer.text) == (200, False), path
    assert world.agent().get("/api/messages/both").get_json()["text"] == f"a secret {OURS.word}"


def test_a_limit_applies_to_an_open_session_and_its_polls(
    worlds: Callable[..., SharedInbox],
) -> None:
    world = worlds(OURS, THEIRS)
    agent = world.agent()
    first = agent.get("/?list=all_open", headers=LIVE)
    assert THEIRS.word in first.text

    world.limit(OURS)
    tag = {"If-None-Match": first.headers["ETag"]}
    second = agent.get("/?list=all_open", headers=LIVE | tag)
    assert second.status_code == 200
    assert (OURS.word in second.text, THEIRS.word in second.text) == (True, False)
    assert agent.get(f"/conversations/{THEIRS.ids}", headers=LIVE).status_code == 404
    events = agent.get("/api/events?texts=true").text
    assert (OURS.word in events, THEIRS.word in events) == (True, False)

    world.limit()
    tag = {"If-None-Match": second.headers["ETag"]}
    assert THEIRS.word in agent.get("/?list=all_open", headers=LIVE | tag).text


def test_a_repeated_request_shows_no_answer_from_before_the_limit(
    worlds: Callable[..., SharedInbox],
) -> None:
    world = worlds(OURS, THEIRS)
    agent, path = world.agent(), f"/api/queue/{item_id(THEIRS, 'pending')}/edit"
    said = {"json": {"text": "At ten."}, "headers": {"Idempotency-Key": "once"}}
    assert agent.post(path, **said).status_code == 200

    world.limit(OURS)
    again = agent.post(path, **said)
    assert (again.status_code, THEIRS.word in again.text) == (404, False)


def test_presence_in_other_accounts_is_not_shown(worlds: Callable[..., SharedInbox]) -> None:
    world = worlds(OURS, THEIRS, limits=(OURS,))
    colleague, agent = world.agent(operator_id=2), world.agent()
    for side in (OURS, THEIRS):
        colleague.get(f"/conversations/{side.ids}", headers=LIVE)

    told = agent.get("/", headers=LIVE).headers["X-Moca-Presence"]
    assert told == json.dumps({OURS.ids: "ben is looking"})
    world.limit()
    assert str(THEIRS.ids) in agent.get("/", headers=LIVE).headers["X-Moca-Presence"]


def test_a_conversation_is_offered_and_assigned_only_to_those_who_see_it(
    worlds: Callable[..., SharedInbox],
) -> None:
    world = worlds(OURS, THEIRS, limits=(THEIRS,))
    ben = world.agent(operator_id=2)
    page = ben.get(f"/conversations/{OURS.ids}").text
    assert (">ada</option>" in page, ">ben (you)</option>" in page) == (False, True)
    path = f"/api/conversations/{OURS.ids}"
    refused = ben.patch(path, json={"assignee": "ada"})
    assert (refused.status_code, refused.get_json()["detail"]) == (
        409,
        "this user does not see this account",
    )
    assert ben.patch(path, json={"assignee": "ben"}).get_json()["assignee"] == "ben"
