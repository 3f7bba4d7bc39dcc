"""What is of an account out of scope can neither be seen nor changed, on any route."""

import json
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.routing.rules import Rule
from werkzeug.test import TestResponse

from tests.web.account_scope.requests import addresses, asks, is_about_all, nowhere, routes
from tests.web.account_scope.world import OURS, THEIRS, SharedInbox

LIMITED = re.compile(r"limited to accounts; this request is about all|You need |needs the scope")
LIVE = {"X-Moca-Live": "1"}
"""By which a page refreshes itself."""
NOTED = ("contact_pane.pane", "contacts.export", "conversation.page")
"""Endpoints whose reading is stored."""
_SIGNED = re.compile(r'name="(csrf_token|form_key)" value="[^"]+"')


def shown(answer: TestResponse, asked: str = "") -> str:
    """Return all that an answer tells, but for what was asked and what differs each time."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    headers = re.sub(r"(?m)^X-Request-Id.*$", "", headers)
    told = f"{answer.status_code}\n{headers}\n{_SIGNED.sub('', answer.text)}"
    for each in (asked, asked.partition("=")[2]):
        told = told.replace(each, "") if each else told
    return told


def leaks(answer: TestResponse, asked: str = "") -> list[object]:
    told = shown(answer, asked)
    return [each for each in THEIRS.markers if each in told]


@pytest.fixture(params=["agent", "key"])
def client(world: SharedInbox, request: pytest.FixtureRequest) -> FlaskClient:
    client: FlaskClient = getattr(world, request.param)()
    return client


def reached(client: FlaskClient, world: SharedInbox) -> list[tuple[str, Rule]]:
    """Return the routes that are for the client: programs have no pages."""
    is_program = "HTTP_AUTHORIZATION" in client.environ_base
    return [
        (method, rule)
        for method, rule in routes(world.app)
        if rule.rule.startswith("/api/") or not is_program
    ]


def test_the_walk_meets_every_route(world: SharedInbox) -> None:
    assert len(routes(world.app)) > 130


def test_no_route_shows_or_changes_anything_of_another_account(
    world: SharedInbox, client: FlaskClient
) -> None:
    before, faults = world.rows(), []
    for method, rule in reached(client, world):
        for address in addresses(rule, THEIRS) + addresses(rule, OURS):
            is_ours = any(each in address for each in OURS.markers)
            if is_ours and (method != "GET" or rule.endpoint in NOTED):
                continue
            answer = asks(client, method, rule, address, THEIRS)
            found = leaks(answer, address)
            if method == "GET":
                found += leaks(client.get(address, headers=LIVE), address)
            is_refused = answer.status_code in (403, 404, 409)
            if found or answer.status_code >= 500 or (method != "GET" and not is_refused):
                faults.append((method, address, answer.status_code, found))
            if answer.status_code == 403:
                assert LIMITED.search(answer.text), (method, address, answer.text)
    assert not faults, "\n".join(map(str, faults))
    after = world.rows()
    assert {name for name in before if before[name] != after[name]} == set()


def test_what_is_of_another_account_is_answered_like_what_does_not_exist(
    world: SharedInbox, client: FlaskClient
) -> None:
    for method, rule in reached(client, world):
        if "<" not in rule.rule or is_about_all(rule) or "bulk" in rule.rule:
            continue
        (address,) = addresses(rule, THEIRS)
        hidden = asks(client, method, rule, address, THEIRS)
        unknown = asks(client, method, rule, nowhere(rule), THEIRS)
        assert hidden.status_code in (403, 404), (method, address)
        assert shown(hidden) == shown(unknown), (method, address)


def test_what_is_about_all_accounts_is_refused(world: SharedInbox, client: FlaskClient) -> None:
    for method, rule in reached(client, world):
        if is_about_all(rule):
            (address,) = addresses(rule, OURS)
            answer = asks(client, method, rule, address, OURS)
            assert answer.status_code == 403, (method, address, answer.status_code)


def test_a_search_for_words_of_another_account_finds_nothing(
    world: SharedInbox, client: FlaskClient
) -> None:
    found = client.get(f"/api/search?q={THEIRS.word}").get_json()
    assert (found["conversations"], found["messages"]) == ([], [])
    (ours,) = client.get(f"/api/search?q=from:{OURS.word}").get_json()["messages"]
    assert ours["mid"] == OURS.mid


def test_a_note_of_another_account_is_not_removed_by_way_of_ones_own(world: SharedInbox) -> None:
    agent, before = world.agent(), world.rows()["note"]
    rules = {
        rule.endpoint: rule
        for _, rule in routes(world.app)
        if rule.endpoint in ("notes_api.remove", "conversation_actions.remove_note")
    }
    for path, method, endpoint in (
        (f"/api/conversations/{OURS.ids}/notes/{THEIRS.ids}", "DELETE", "notes_api.remove"),
        (
            f"/conversations/{OURS.ids}/notes/{THEIRS.ids}/remove",
            "POST",
            "conversation_actions.remove_note",
        ),
    ):
        assert asks(agent, method, rules[endpoint], path, OURS).status_code == 404
    assert world.rows()["note"] == before


@pytest.mark.parametrize("kind", ["agent", "key"])
def test_one_who_sees_all_accounts_is_answered_for_the_same_requests(
    worlds: Callable[..., SharedInbox], kind: str
) -> None:
    world = worlds(OURS, THEIRS)
    client = getattr(world, kind)()
    for path in ("/api/conversations", "/api/queue", "/api/contacts", "/api/accounts"):
        told = json.dumps(client.get(path).get_json())
        assert (OURS.word in told, THEIRS.word in told) == (True, True), path
