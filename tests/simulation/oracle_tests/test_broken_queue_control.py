"""The operator's hold on the queue is broken on purpose here, and must be noticed."""

from dataclasses import replace
from typing import Any

import pytest

from moca.core.messages.delivery import ReplyClaimed
from moca.core.outbox.claimed_replies import ClaimedReplies
from moca.core.outbox.outbox import Outbox
from moca.storage.outbox import operator_actions
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle_tests.test_broken_promises import found
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.script import Operates, Script, Writes


def draw_freezes(seed: int) -> Script:
    """Draw a run where the queue is frozen soon after each message, and what waits is edited."""
    script = draw_script(seed)
    acts = [
        Operates(at=each.at + after, contact=each.contact, action=action, text=f"edited {number}")
        for number, each in enumerate(script.happenings)
        if isinstance(each, Writes)
        for after, action in ((1, "freeze"), (20, "edit"), (24, "release"))
    ]
    return replace(script, happenings=(*script.happenings, *acts))


def test_a_freeze_that_nobody_heeds_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    heedless = property(lambda self: False, lambda self, value: None)
    monkeypatch.setattr(Outbox, "is_frozen", heedless, raising=False)
    assert found(Invariant.FROZEN_QUEUE)


def test_a_freeze_forgotten_in_a_sweep_and_at_a_claim_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for reader in ("pending", "claim"):
        monkeypatch.setattr(f"moca.storage.outbox.{reader}.is_frozen", lambda: False)
    assert found(Invariant.FROZEN_QUEUE, first=5)


def test_an_edit_that_is_not_written_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_actions._TEXTS, "each", lambda rows: None)
    assert found(Invariant.EDITED_REPLY, draw=draw_freezes)


def test_a_reply_that_goes_as_it_read_before_its_edit_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirm = ClaimedReplies.confirm

    def as_remembered(self: Any, claimed: ReplyClaimed) -> None:
        remembered = self._requested.get(claimed.reply.item_id)
        if remembered is not None:
            confirm(self, ReplyClaimed(remembered.reply, claimed.at))

    monkeypatch.setattr(ClaimedReplies, "confirm", as_remembered)
    assert found(Invariant.EDITED_REPLY, draw=draw_freezes)
