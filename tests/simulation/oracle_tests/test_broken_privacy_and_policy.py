"""What is promised of privacy and of an owner's settings is broken here, and must be noticed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from moca.core.conversation import disclosure, flush
from moca.core.outbox import call_results
from moca.core.outbox.account_rests import AccountRests
from moca.storage.privacy import erase, retention
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle_tests.test_broken_promises import found
from tests.simulation.worlds.script import Script
from tests.simulation.worlds.themes import draw_world


def in_world(name: str) -> Callable[[int], Script]:
    return lambda seed: draw_world(seed, name)


def test_a_body_that_names_an_erased_contact_and_stays_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erase, "delete_webhooks", lambda webhook_ids: None)
    monkeypatch.setattr(erase, "begin_redaction", lambda *contact: None)
    assert found(Invariant.ERASED_IS_GONE, draw=in_world("erased_at_any_step"))


def test_what_is_kept_past_its_time_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_delete_messages", lambda before, portion: 0)
    assert found(Invariant.RETENTION, draw=in_world("forgotten_by_age"))


def test_a_bot_that_does_not_say_that_it_is_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "is_disclosure_due", lambda state, now, policy: False)
    assert found(Invariant.DISCLOSURE, draw=in_world("disclosing"))


def test_a_word_of_escalation_that_is_overlooked_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flush, "_escalate", flush._answer)
    assert found(Invariant.ESCALATION, draw=in_world("escalating"))


def test_an_account_that_goes_on_at_its_quota_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_results, "usage_pause", lambda usage_percent: timedelta())
    assert found(Invariant.SENDING_LIMITS, draw=in_world("near_the_quota"))


def test_an_account_that_waits_on_with_a_renewed_token_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(AccountRests, "wake", lambda self, account_id: None)
    assert found(Invariant.NO_NEEDLESS_WAIT, draw=in_world("with_a_renewed_token"))
