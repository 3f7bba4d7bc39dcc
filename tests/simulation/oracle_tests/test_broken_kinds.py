"""What is promised of all but plain words is broken on purpose here, and must be noticed."""

from dataclasses import replace

import pytest

from moca.core.content import splitting, uploads
from moca.core.conversation import revisions
from moca.core.outbox import rate_limits
from moca.core.outbox.queued_reply import ReplyKind
from moca.storage.inbound import events, unsends
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle_tests.test_broken_promises import found
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.script import (
    Edits,
    Generating,
    PassesThread,
    Script,
    Sending,
    Unsends,
    Writes,
)


def draw_comments(seed: int) -> Script:
    """Draw a run where everybody comments, and answers to calls are lost."""
    script = draw_script(seed)
    settings = replace(script.settings, private_replies_per_hour=1, window=86_400, cooldown=8)
    events = [
        replace(each, kind="comment", type="text", hint=None) if hasattr(each, "hint") else each
        for each in script.happenings
        if not isinstance(each, Sending | Unsends)
    ]
    return replace(script, settings=settings, happenings=tuple(events))


def draw_early_edits(seed: int) -> Script:
    """Draw a run where every message in words is edited before it can be answered."""
    script = draw_script(seed)
    kept = [each for each in script.happenings if not isinstance(each, Edits | Unsends)]
    edits = [
        Edits(at=each.at + 1, contact=each.contact, mid=each.mid, text=f"{each.mid}!", delays=(1,))
        for each in kept
        if isinstance(each, Writes) and (each.kind, each.type) == ("message", "text")
    ]
    settings = replace(script.settings, debounce=5, step_cost=0)
    return replace(script, settings=settings, happenings=(*kept, *edits))


def draw_threads_taken(seed: int) -> Script:
    """Draw a run where another app takes each thread after a person has written."""
    script = draw_script(seed)
    kept = [each for each in script.happenings if not isinstance(each, PassesThread)]
    taken = [
        PassesThread(at=each.at + 2, contact=each.contact, is_ours=False)
        for each in kept
        if isinstance(each, Writes)
    ]
    return replace(script, happenings=(*kept, *taken))


def draw_long_replies(seed: int) -> Script:
    """Draw a run where every reply takes several parts."""
    script = draw_script(seed)
    kept = (each for each in script.happenings if not isinstance(each, Generating))
    long = (Generating(number=number, form="long") for number in range(1, 40))
    settings = replace(script.settings, same_texts=False)
    return replace(script, settings=settings, happenings=(*kept, *long))


def test_an_unsent_text_left_in_a_webhook_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsends, "erase_traces", lambda account_id, mid: None)
    assert found(Invariant.UNSENT_IS_GONE, first=8)


def test_an_unsent_text_left_in_its_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsends, "_erase", lambda message_id, at: None)
    assert found(Invariant.UNSENT_IS_GONE, first=5)


def test_a_reply_to_what_was_unsent_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsends, "cancel_items", lambda batch, items, because, at: None)
    monkeypatch.setattr("moca.storage.outbox.results.unwanted_among", lambda items: [])
    assert found(Invariant.UNSENT_IS_GONE, first=56)


def test_an_edit_that_changes_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "reword", lambda state, event, policy: (state, ()))
    assert found(Invariant.EDIT_IS_ANSWERED, draw=draw_early_edits, first=8)


def test_an_event_acknowledged_and_not_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events._INSERT, "quietly", lambda rows: None)
    assert found(Invariant.ACKNOWLEDGED_IS_STORED)


def test_an_answer_into_a_thread_that_another_app_holds_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "hand_over", lambda batch, control, at: None)
    assert found(Invariant.SILENCE, draw=draw_threads_taken, first=4)


def test_private_replies_without_a_limit_by_the_hour_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    windows = rate_limits.RateLimits._account

    def without_limit(self: rate_limits.RateLimits) -> object:
        account = windows(self)
        by_kind: dict[ReplyKind, rate_limits.SlidingWindow] = {
            k: v for k, v in account.by_kind.items() if k is not ReplyKind.PRIVATE_REPLY
        }
        return replace(account, by_kind=by_kind)

    monkeypatch.setattr(rate_limits.RateLimits, "_account", without_limit)
    assert found(Invariant.SENDING_LIMITS, draw=draw_comments)


def test_parts_out_of_order_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    parts_of = splitting.parts_of
    monkeypatch.setattr(uploads, "parts_of", lambda content: parts_of(content)[::-1])
    assert found(Invariant.ORDER_OF_REPLIES, draw=draw_long_replies)
