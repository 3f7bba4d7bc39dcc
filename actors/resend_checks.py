from collections.abc import Callable
from datetime import datetime

from moca.core.messages.delivery import DeliveryVerified, ReplyClaimed, VerifyDelivery
from moca.core.messages.recipients import ToCourier
from moca.core.outbox.call_results import Record, before_resend
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.outbox.verification import Verification


class ResendChecks:
    """Reads Instagram's record before an unconfirmed reply is sent again.

    Until the reading has ended, the reply's claim counts as unanswered: anything that returns
    claims meanwhile returns this one too.
    """

    def __init__(
        self, outbox: Outbox, settling: Verification, call: Callable[[ToCourier], None]
    ) -> None:
        self._outbox = outbox
        self._settling = settling
        self._call = call
        self._claims: dict[int, ReplyClaimed] = {}

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._claims

    def claimed(self, claimed: ReplyClaimed, now: datetime) -> None:
        """Queue a claimed reply, at once or after reading Instagram's record."""
        reply, since = claimed.reply, claimed.reply.unconfirmed_since
        if since is None:
            self._outbox.claimed(claimed)
            return
        self._claims[reply.item_id] = claimed
        self._settling.count_reading(reply, now)
        self._call(VerifyDelivery(reply, since, claimed.known))

    def forget(self, item_id: int, now: datetime) -> None:
        """Drop a reply that must no longer be sent."""
        self._claims.pop(item_id, None)
        self._outbox.forget(item_id, now)

    def verified(
        self, verified: DeliveryVerified, now: datetime
    ) -> tuple[QueuedReply, Record] | None:
        """Queue the reply, or return how it ended instead; its contact queue stays held."""
        claimed = self._claims.pop(verified.item_id)
        record = before_resend(claimed, verified.result, now)
        if record is None:
            self._outbox.claimed(claimed)
            return None
        self._outbox.forget(verified.item_id, now)
        self._outbox.hold(claimed.reply)
        return claimed.reply, record
