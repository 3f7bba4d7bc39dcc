from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import PushesDue
from moca import clock
from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.push import PushesTaken, RemovePushSubscription, TakePushes
from moca.core.push import (
    STALE_AFTER,
    Push,
    PushAnswer,
    PushOutcome,
    PushSubscription,
    retry_at,
)

log = structlog.get_logger()

_EVERY = timedelta(seconds=5)
_AT_ONCE = 20
_MAX_QUEUED = 2_000
_MAX_RESTING = 1_000
_REST = timedelta(minutes=5)

Record = TakePushes | RemovePushSubscription


class PushSender(Protocol):
    """Delivers push messages to browsers."""

    def send(self, push: Push, subscription: PushSubscription) -> PushAnswer:
        """Deliver a message, blocking; raises `WrongEncryptionKey` if it cannot be signed."""


class _Delivery(NamedTuple):
    push: Push
    subscription: PushSubscription
    attempt: int
    due_at: datetime


class PushActor(MailboxActor):
    """Delivers push messages one at a time; blocking.

    Looks for new ones every few seconds. What it has taken is in memory only: a crash loses it, and
    the pages and work lists still show what it was about. A browser whose push service keeps
    failing rests, so that it does not hold up the others.
    """

    def __init__(
        self, *, pushes: PushSender, record: Callable[[Record], None], timers: Timers
    ) -> None:
        super().__init__()
        self._sender = pushes
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(PushesDue()))
        self._taken_at: datetime | None = None
        self._queue: deque[_Delivery] = deque(maxlen=_MAX_QUEUED)
        self._resting: OrderedDict[int, datetime] = OrderedDict()
        """Until when, by subscription."""

    def on_restart(self) -> None:
        """Continue with the next look; the message whose delivery crashed is dropped."""
        self._taken_at = None
        self._next_look.set_to(clock.now() + _EVERY)

    def on_receive(self, message: object) -> None:
        """Deliver one message, or take new ones."""
        now = clock.now()
        if isinstance(message, PushesTaken):
            self._queue.extend(
                _Delivery(push, subscription, 1, now)
                for push in message.pushes
                for subscription in push.subscriptions
            )
        elif self._taken_at is None or abs(now - self._taken_at) >= _EVERY:
            self._taken_at = now
            self._record(TakePushes(now, _AT_ONCE))
        # One per message, so that stopping waits for one call at most.
        delivery = self._next_due(now)
        if delivery is not None:
            self._push(delivery)
        is_more_due = any(each.due_at <= clock.now() for each in self._queue)
        self._next_look.set_to(clock.now() + (timedelta() if is_more_due else _EVERY))

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _next_due(self, now: datetime) -> _Delivery | None:
        for _ in range(len(self._queue)):
            delivery = self._queue.popleft()
            if self._is_in_vain(delivery, now):
                continue
            if delivery.due_at <= now:
                return delivery
            self._queue.append(delivery)
        return None

    def _is_in_vain(self, delivery: _Delivery, now: datetime) -> bool:
        is_stale = now - delivery.push.at >= STALE_AFTER
        return is_stale or now < self._resting.get(delivery.subscription.id, now)

    def _push(self, delivery: _Delivery) -> None:
        push, subscription, attempt, _ = delivery
        try:
            answer = self._sender.send(push, subscription)
        except WrongEncryptionKey as error:
            log.warning("push_not_signed", problem=str(error))
            self._queue.clear()
            return
        except Exception as error:  # noqa: BLE001
            # A courtesy must not spend the actor's restarts, after which the server ends.
            log.error("push_crashed", kind=push.kind, error=type(error).__name__)  # noqa: TRY400
            return
        if answer.outcome is PushOutcome.DELIVERED:
            return
        log.warning("push_not_delivered", kind=push.kind, attempt=attempt, problem=answer.problem)
        now = clock.now()
        again_at = retry_at(answer, attempt, now)
        if answer.outcome is PushOutcome.GONE:
            self._record(RemovePushSubscription(subscription.id))
        elif again_at is not None:
            self._queue.append(_Delivery(push, subscription, attempt + 1, again_at))
        elif answer.outcome is PushOutcome.FAILED:
            self._rest(subscription.id, now + _REST)

    def _rest(self, subscription_id: int, until: datetime) -> None:
        self._resting.pop(subscription_id, None)
        self._resting[subscription_id] = until
        if len(self._resting) > _MAX_RESTING:
            self._resting.popitem(last=False)
