"""Choosing the next reply checks what has changed, not every account."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moca.core.content.content import Content, Media
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.outbox import _CLAIMED_AHEAD, Outbox
from moca.core.outbox.queued_reply import Channel, QueuedReply, ReplyAddress, ReplyKind
from moca.core.outbox.rate_limits import SlidingWindow
from moca.core.outbox.turns import Turns
from moca.core.policy import SenderPolicy
from moca.core.types import Author, Priority
from tests.core.outbox.outbox_driver import drive, outbox_with, person
from tests.support.factory import NOON, at, reply_to

MANY = 3_000
FAST = SenderPolicy(per_second=1_000, account_per_second=1_000)


def of_kind(reply: QueuedReply, kind: ReplyKind) -> QueuedReply:
    if kind is ReplyKind.PRIVATE_REPLY:
        return replace(reply, way=ReplyAddress(comment_id=f"c{reply.item_id}"))
    if kind is ReplyKind.MEDIA:
        picture = Media(type="image", url="https://example.org/a.png")
        return replace(reply, content=Content(media=picture))
    return reply


class ExhaustiveOutbox(Outbox):
    """Checks every channel each time, as a reference."""

    def _next_to_claim(self, now: datetime) -> QueuedReply | None:
        chosen = super()._next_to_claim(now)
        if not self._has_a_free_courier:
            return chosen
        free = []
        for channel in tuple(self._contact_queues._ready):
            reply = self._contact_queues.first(channel)
            free_at = self._pacing.free_at((channel,), now, self._claims.ahead)
            if reply is not None and free_at is not None and free_at <= now + _CLAIMED_AHEAD:
                free.append(reply)
        assert chosen == min(free, key=lambda each: (each.priority, each.item_id), default=None)
        return chosen


QUEUES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 5),
        st.sampled_from(ReplyKind),
        st.sampled_from(Priority),
        st.integers(0, 9),
    ),
    max_size=30,
)


@settings(max_examples=200)
@given(queue=QUEUES, couriers=st.integers(1, 4), call_ms=st.integers(0, 3000))
def test_it_is_the_reply_that_a_look_at_every_channel_would_find(
    queue: list[tuple[int, int, ReplyKind, Priority, int]], couriers: int, call_ms: int
) -> None:
    policy = SenderPolicy(
        per_second=3,
        account_per_second=2,
        account_media_per_second=1,
        account_private_replies_per_hour=2,
        couriers=couriers,
    )
    outbox = ExhaustiveOutbox(policy)
    outbox.rest_account(RestingAccount("a1", at(4)), at(0))
    for number, (account, who, kind, priority, due) in enumerate(queue, 1):
        reply = reply_to(
            person(who, f"a{account}"), number, priority=priority, due=due, author=Author.OPERATOR
        )
        outbox.add(of_kind(reply, kind), at(0))
    sent = drive(outbox, at(100_000), call=timedelta(milliseconds=call_ms))
    assert len(sent) == len(queue)


def looks(monkeypatch: pytest.MonkeyPatch, accounts: int) -> float:
    """Count how often a limit is checked per reply sent, while 3,000 wait."""
    replies = (reply_to(person(n, f"a{n % accounts}"), n) for n in range(MANY))
    outbox = outbox_with(replies, FAST)
    drive(outbox, NOON)
    asked = 0
    free_at = SlidingWindow.free_at

    def counted(window: SlidingWindow, now: datetime, ahead: int = 0) -> datetime | None:
        nonlocal asked
        asked += 1
        return free_at(window, now, ahead)

    with monkeypatch.context() as patch:
        patch.setattr(SlidingWindow, "free_at", counted)
        sent = drive(outbox, at(0.1), now=at(0.001))
    assert len(sent) > 100
    return asked / len(sent)


def test_it_costs_no_more_with_three_thousand_accounts_than_with_three(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert looks(monkeypatch, MANY) <= looks(monkeypatch, 3)


def test_the_limits_are_checked_once_for_all_replies_that_wait_for_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert looks(monkeypatch, 1) < 10


def test_channels_that_change_all_the_time_leave_nothing_behind() -> None:
    turns = Turns()
    first = reply_to(item_id=1)
    for number in range(10_000):
        turns.place(Channel("a"), first, at(60 + number), at(0))
        turns.place(Channel("b"), reply_to(item_id=number), at(0), at(0))
    assert len(turns._open) + len(turns._later) < 100
