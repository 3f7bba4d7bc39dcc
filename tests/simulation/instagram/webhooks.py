from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from moca.core.inbound.events import Event, InboundMessage
from moca.core.messages.command import Done
from moca.core.messages.inbound import RecordWebhook
from moca.instagram.events import read_webhook
from tests.simulation.instagram.payloads import Item, body_of
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.trace import Trace

_PATIENCE = (1, 2, 5, 10, 20)
_GIVES_UP_AFTER = 20


@dataclass
class _Telling:
    item: Item
    attempts: int = 0


class Webhooks:
    """Meta's side of the webhook: tells again until it hears 200, and sometimes after that."""

    def __init__(self, clockwork: Clockwork, trace: Trace, batches: bool) -> None:
        self._clockwork = clockwork
        self._trace = trace
        self._batches = batches
        self._gathered: list[_Telling] = []
        self._open: list[list[_Telling]] = []
        self.post: Callable[[RecordWebhook], bool] = lambda command: False
        """Hands a webhook to the process; tells whether it is up."""
        self.acknowledged: Callable[[Event], None] = lambda event: None
        self._to_come = 0

    @property
    def untold(self) -> int:
        """Count the deliveries still to be made, or not answered yet."""
        return self._to_come + len(self._open)

    def tell(self, item: Item, delays: tuple[float, ...]) -> None:
        for delay in delays:
            self._later(_Telling(item), delay)

    def process_died(self) -> None:
        """Take up again what was not answered."""
        unanswered, self._open = self._open, []
        for tellings in unanswered:
            self._again(tellings)

    def _later(self, telling: _Telling, delay: float) -> None:
        self._to_come += 1
        self._clockwork.after(delay, lambda: self._due(telling))

    def _due(self, telling: _Telling) -> None:
        self._to_come -= 1
        if not self._batches:
            self._post([telling])
            return
        if not self._gathered:
            self._clockwork.after(0, self._post_gathered)
        self._gathered.append(telling)

    def _post_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._post(gathered)

    def _post(self, tellings: list[_Telling]) -> None:
        receipt: Future[object] = Future()
        body = body_of([each.item for each in tellings])
        read = read_webhook(body, live=True, answer_comments=True)
        events = tuple(
            _unanswerable(event, each.item) for event, each in zip(read, tellings, strict=True)
        )
        command = RecordWebhook(body, events, self._clockwork.now(), receipt=receipt)
        self._trace.tell(f"webhook {', '.join(each.item.name for each in tellings)}")
        self._open.append(tellings)
        receipt.add_done_callback(lambda done: self._answered(tellings, events, done))
        self._clockwork.after(_GIVES_UP_AFTER, lambda: self._gives_up(tellings))
        if not self.post(command):
            self._open = [each for each in self._open if each is not tellings]
            self._again(tellings)

    def _gives_up(self, tellings: list[_Telling]) -> None:
        if any(each is tellings for each in self._open):
            self._open = [each for each in self._open if each is not tellings]
            self._trace.tell("webhook not answered in time")
            self._again(tellings)

    def _answered(
        self, tellings: list[_Telling], events: tuple[Event, ...], receipt: Future[object]
    ) -> None:
        if not any(each is tellings for each in self._open):
            return
        self._open = [each for each in self._open if each is not tellings]
        if receipt.exception() is not None or receipt.result() != Done():
            self._trace.tell("webhook answered 503")
            self._again(tellings)
            return
        for each in events:
            self.acknowledged(each)

    def _again(self, tellings: list[_Telling]) -> None:
        for each in tellings:
            wait = _PATIENCE[min(each.attempts, len(_PATIENCE) - 1)]
            self._later(_Telling(each.item, each.attempts + 1), wait)


def _unanswerable(event: Event, item: Item) -> Event:
    if item.unanswerable is None or not isinstance(event, InboundMessage):
        return event
    return replace(event, unanswerable=item.unanswerable)
