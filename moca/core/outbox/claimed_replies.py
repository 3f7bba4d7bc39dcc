from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from moca.core.messages.delivery import ClaimReply, ReplyClaimed
from moca.core.outbox.queued_reply import Channel, QueuedReply

_CLAIM_TAKES = timedelta(seconds=10)
"""After this time a claim is requested again and a late answer is given back: the claim's time
tells a later run when the call began."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FAR_AHEAD = datetime.max.replace(tzinfo=UTC)


class ClaimedReplies:
    """The replies that are claimed, or being claimed, and not called yet. Not thread-safe.

    Every event asks about them, so their channels are counted, and when the first is overdue.
    """

    def __init__(self) -> None:
        self._requested: dict[int, ClaimReply] = {}
        self._claimed: dict[int, ReplyClaimed] = {}
        self.channels: Counter[Channel] = Counter()
        """How many replies of each channel are claimed. Like `ahead`, without zeros."""
        self.ahead: Counter[Channel] = Counter()
        """How many replies of each channel are claimed or being claimed."""
        self._in_time_from = _LONG_AGO
        self._in_time_until = _FAR_AHEAD
        """Between these two instants no claim is overdue."""

    def __iter__(self) -> Iterator[QueuedReply]:
        """Iterate over the replies that are claimed, in the order of their claims."""
        return (claimed.reply for claimed in self._claimed.values())

    @property
    def requested(self) -> tuple[QueuedReply, ...]:
        """The replies that are being claimed."""
        return tuple(claim.reply for claim in self._requested.values())

    def request(self, reply: QueuedReply, now: datetime) -> ClaimReply:
        """Return the claim to make for a reply."""
        claim = self._requested[reply.item_id] = ClaimReply(reply, now)
        self.ahead[reply.channel] += 1
        return claim

    def confirm(self, claimed: ReplyClaimed) -> None:
        """Record that a reply is claimed, unless that answers no claim, or an earlier one."""
        item_id = claimed.reply.item_id
        claim = self._requested.get(item_id)
        if claim is not None and claim.at == claimed.at:
            del self._requested[item_id]
            self._claimed[item_id] = claimed
            self.channels[claimed.reply.channel] += 1
            self._keep_in_time(claimed)

    def drop(self, item_id: int) -> QueuedReply | None:
        """Remove a reply, claimed or being claimed, and return it; None if it is neither."""
        claimed = self._claimed.pop(item_id, None)
        if claimed is not None:
            _count_down(self.channels, claimed.reply.channel)
        claim = claimed or self._requested.pop(item_id, None)
        if claim is None:
            return None
        _count_down(self.ahead, claim.reply.channel)
        return claim.reply

    def unanswered(self, now: datetime) -> tuple[ClaimReply, ...]:
        """Return the claims to repeat because their answer is overdue."""
        return tuple(each for each in self._requested.values() if _is_overdue(each.at, now))

    def outlived(self, now: datetime) -> tuple[QueuedReply, ...]:
        """Return the replies whose claim took too long to prove anything."""
        if self._in_time_from <= now <= self._in_time_until:
            return ()
        self._in_time_from, self._in_time_until = _LONG_AGO, _FAR_AHEAD
        for each in self._claimed.values():
            self._keep_in_time(each)
        late = [each for each in self._claimed.values() if _is_overdue(each.at, now)]
        return tuple(each.reply for each in late)

    def _keep_in_time(self, claimed: ReplyClaimed) -> None:
        self._in_time_from = max(self._in_time_from, claimed.at - _CLAIM_TAKES)
        self._in_time_until = min(self._in_time_until, claimed.at + _CLAIM_TAKES)


def _count_down(counted: Counter[Channel], channel: Channel) -> None:
    counted[channel] -= 1
    if not counted[channel]:
        del counted[channel]


def _is_overdue(claimed_at: datetime, now: datetime) -> bool:
    # In both directions: if the clock was set back, the claim would not be overdue for a long time.
    return abs(now - claimed_at) > _CLAIM_TAKES
