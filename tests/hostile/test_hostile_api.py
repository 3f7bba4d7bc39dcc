"""Every API request, valid or not, is answered as the API's description says."""

from collections.abc import Iterable
from itertools import count
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from moca.storage.db.bot_tables import StoredBot
from tests.hostile.door import TOKEN, Door
from tests.support.values import present
from tests.web.rows import AT, a_contact, a_conversation, a_reply, an_answered_question, an_item

BEARER = {"Authorization": f"Bearer {TOKEN}"}
THERE = {"psid": "701", "conversation_id": "2", "item_id": "3", "mid": "m1", "name": "shop"}
PARTS = 6
"""So that no test takes long, whatever there is beside it."""
STATUSES = ("pending", "unknown", "failed", "sent")
# JSON Schema cannot rule out invented cursors and blank texts.
TOO_STRICT: list[Any] = [positive_data_acceptance]

load_all_checks()
quickly = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.fixture(scope="module")
def operations(door: Door) -> list[APIOperation[Any, Any, Any, Any]]:
    with door.database.connection_context():
        an_answered_question()
        conversation = a_conversation(a_contact(psid="701"))
        StoredBot.create(name="shop", draft="", draft_revision=1, draft_by="ada", draft_at=AT)
        for status in STATUSES:
            an_item(a_reply(conversation), status)
    description = schemathesis.openapi.from_wsgi("/openapi.json", _from_everywhere(door.app))
    return [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]


def _from_everywhere(app: Flask) -> WSGIApplication:
    """Send each request from another address: wrong tokens from one are soon refused unseen."""
    numbers = count(1)

    def called(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = f"10.{(number := next(numbers)) >> 8 & 255}.{number & 255}.1"
        return app(environ, start_response)

    return called


def test_every_route_of_the_api_is_described(
    operations: list[APIOperation[Any, Any, Any, Any]], door: Door
) -> None:
    assert len(operations) == _routes_of_the_api(door.app)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_is_one_that_the_description_promises(
    operations: list[APIOperation[Any, Any, Any, Any]], part: int, mode: GenerationMode
) -> None:
    for operation in operations[part::PARTS]:
        _ask(operation.as_strategy(generation_mode=mode))


def _routes_of_the_api(app: Flask) -> int:
    rules = [each for each in app.url_map.iter_rules() if each.rule.startswith("/api/")]
    ours = [each for each in rules if not each.endpoint.startswith("webhook.")]
    return sum(len(present(each.methods) - {"HEAD", "OPTIONS"}) for each in ours)


def _ask(cases: st.SearchStrategy[Case[Any]]) -> None:
    @quickly
    @given(case=cases, is_there=st.booleans())
    def ask(case: Case[Any], is_there: bool) -> None:
        if is_there:
            known = THERE.keys() & case.path_parameters.keys()
            case.path_parameters.update({name: THERE[name] for name in known})
        case.call_and_validate(headers=BEARER, excluded_checks=TOO_STRICT)

    ask()
