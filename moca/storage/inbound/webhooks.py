from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from moca.core.inbound.events import Echo, Event, InboundMessage, OtherEvent
from moca.core.inbound.redaction import without_tokens
from moca.core.messages.command import Done
from moca.core.messages.inbound import RecordSignatureCheck, RecordWebhook
from moca.core.types import ContactKey
from moca.storage.db.bulk import Insertion
from moca.storage.db.secret import SignatureCheck
from moca.storage.db.tables import Webhook
from moca.storage.handlers import handles
from moca.storage.inbound.echoes import ReceivedEcho, record_echoes
from moca.storage.inbound.events import StoredEvent, record_events
from moca.storage.inbound.messages import Arrival, store_arrivals
from moca.storage.unit_of_work import Batch

_BODIES = Insertion(Webhook, Webhook.received_at, Webhook.body)

_ReceivedMessage = tuple[int, datetime, InboundMessage | Echo]


@handles(RecordWebhook)
def record_webhooks(batch: Batch, commands: Sequence[RecordWebhook]) -> None:
    """Store the bodies and their events, for each contact in the order of arrival."""
    ids = _BODIES.returning_ids(
        (command.received_at, without_tokens(command.body)) for command in commands
    )
    received: list[_ReceivedMessage] = []
    events: list[StoredEvent] = []
    for webhook_id, command in zip(ids, commands, strict=True):
        last: Event | None = None
        for event in command.events:
            # A body may be full of what only repeats the item before; it is one event.
            if event is last and isinstance(event, OtherEvent) and event.is_unreadable:
                continue
            last = event
            if isinstance(event, InboundMessage | Echo):
                received.append((webhook_id, command.received_at, event))
            else:
                events.append(StoredEvent(webhook_id, command.received_at, event))
    for arrivals, echoes in _rounds(received):
        store_arrivals(batch, arrivals)
        record_echoes(batch, echoes)
    if events:
        record_events(batch, events)
    for command in commands:
        batch.answer(command.receipt, Done())


def _rounds(
    received: Iterable[_ReceivedMessage],
) -> Iterator[tuple[list[Arrival], list[ReceivedEcho]]]:
    """Split the events so that within a round no contact's message comes after its echo."""
    arrivals: dict[int, list[Arrival]] = defaultdict(list)
    echoes: dict[int, list[ReceivedEcho]] = defaultdict(list)
    last: dict[ContactKey, tuple[int, bool]] = {}
    for webhook_id, received_at, event in received:
        number, after_echo = last.get(event.contact, (0, False))
        if isinstance(event, Echo):
            echoes[number].append(ReceivedEcho(webhook_id, received_at, event))
        else:
            number += after_echo
            arrivals[number].append(Arrival(webhook_id, received_at, event))
        last[event.contact] = number, isinstance(event, Echo)
    for number in sorted(arrivals.keys() | echoes.keys()):
        yield arrivals[number], echoes[number]


@handles(RecordSignatureCheck)
def record_signature_checks(_batch: Batch, commands: Sequence[RecordSignatureCheck]) -> None:
    """Store when secrets last signed a webhook."""
    for secret, at in {each.secret: each.at for each in commands}.items():
        row = SignatureCheck.insert(secret=secret, last_at=at)
        row.on_conflict(
            conflict_target=[SignatureCheck.secret], preserve=[SignatureCheck.last_at]
        ).execute()
