from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle

import pytest

from moca.core.outbox.queued_reply import Channel, ReplyKind
from moca.core.outbox.rate_limits import RateLimits
from moca.core.policy import SenderPolicy
from tests.support.factory import NOON, at

ACCOUNT = Channel("17841400000000001")
SECOND = timedelta(seconds=1)
NEVER = at(1_000_000)


def eager(pacing: RateLimits, until: datetime, late_ms: Sequence[float] = (0,)) -> list[datetime]:
    """Start calls as soon as they may start, or with these delays, in turn."""
    now, starts, lateness = NOON, [], cycle(late_ms)
    while now < until:
        free_at = pacing.free_at((ACCOUNT,), now)
        assert free_at is not None
        if free_at <= now:
            pacing.count(ACCOUNT, now)
            starts.append(now)
        if free_at > now:
            now = free_at + timedelta(milliseconds=next(lateness))
    return starts


def most_within(starts: list[datetime], span: timedelta) -> int:
    return max(
        sum(1 for other in starts[place:] if other - start < span)
        for place, start in enumerate(starts)
    )


@pytest.mark.parametrize("per_second", [1, 3, 7, 50, 100])
def test_99_percent_of_the_rate_is_used_and_never_more_than_the_rate(per_second: int) -> None:
    policy = SenderPolicy(per_second=per_second, account_per_second=1000)
    starts = eager(RateLimits(policy), at(4))
    one_window_later = starts[per_second:]
    spans = [later - start for start, later in zip(starts, one_window_later, strict=False)]
    assert max(spans) <= SECOND / 0.99
    assert most_within(starts, SECOND) == per_second


@pytest.mark.parametrize("per_second", [3, 100])
def test_calls_that_start_a_little_late_do_not_slow_the_rate(per_second: int) -> None:
    policy = SenderPolicy(per_second=per_second, account_per_second=1000)
    starts = eager(RateLimits(policy), at(20), late_ms=(3, 1, 4, 2.5, 3.5, 4))
    seconds = (starts[-per_second] - starts[0]) / SECOND
    assert (len(starts) - per_second) / seconds >= 0.995 * per_second
    assert most_within(starts, SECOND) == per_second


def test_a_hundred_that_may_start_at_once_start_a_few_at_a_time() -> None:
    starts = eager(RateLimits(SenderPolicy(per_second=100)), at(1))
    assert len(starts) == 100
    assert most_within(starts, timedelta(milliseconds=10)) == 3
    assert starts[-1] < at(0.4)


def test_a_call_waits_for_the_limit_that_holds_longest() -> None:
    pacing = RateLimits(SenderPolicy(per_second=100, account_per_second=1))
    pacing.count(ACCOUNT, at(0))
    assert pacing.free_at((Channel("another"),), at(0.5)) == at(0.5)
    assert at(1) <= (pacing.free_at((ACCOUNT,), at(0.5)) or NEVER) <= at(1.01)
    pacing.rests.rest(ACCOUNT.account_id, at(30), at(0))
    assert pacing.free_at((ACCOUNT,), at(0.5)) == at(30)


def test_what_waits_for_a_call_about_to_be_made_cannot_tell_when_it_may_start() -> None:
    pacing = RateLimits(SenderPolicy(per_second=1))
    pacing.reserve(ACCOUNT)
    assert pacing.free_at((ACCOUNT,), at(0)) is None
    pacing.release(ACCOUNT)
    assert pacing.free_at((ACCOUNT,), at(0)) == at(0)


def test_media_have_a_limit_of_their_own_that_holds_up_no_text() -> None:
    pacing = RateLimits(SenderPolicy(per_second=100, account_media_per_second=1))
    media = Channel(ACCOUNT.account_id, ReplyKind.MEDIA)
    pacing.count(media, at(0))
    assert at(1) <= (pacing.free_at((media,), at(0.5)) or NEVER) <= at(1.01)
    assert pacing.free_at((ACCOUNT,), at(0.5)) == at(0.5)


def test_private_replies_are_so_many_an_hour() -> None:
    pacing = RateLimits(SenderPolicy(per_second=100, account_private_replies_per_hour=2))
    private = Channel(ACCOUNT.account_id, ReplyKind.PRIVATE_REPLY)
    pacing.count_in_the_hour(private, at(-600))
    pacing.count(private, at(0))
    assert pacing.free_at((private,), at(1)) == at(3000)
    assert pacing.free_at((ACCOUNT,), at(1)) == at(1)


def test_media_and_text_share_what_the_account_may_send() -> None:
    pacing = RateLimits(SenderPolicy(per_second=100, account_per_second=1))
    pacing.count(Channel(ACCOUNT.account_id, ReplyKind.MEDIA), at(0))
    assert at(1) <= (pacing.free_at((ACCOUNT,), at(0.5)) or NEVER) < NEVER
    ahead = Counter({Channel("another", ReplyKind.MEDIA): 1})
    assert pacing.free_at((Channel("another"),), at(0.5), ahead) is None
