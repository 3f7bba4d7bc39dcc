from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from moca.core.inbound.events import Echo, InboundMessage
from moca.core.inbound.redaction import without_tokens
from moca.core.messages.inbound import NoteSigning, RecordWebhook
from moca.core.messages.receipt import Done
from moca.core.types import ContactKey
from moca.storage.db.bulk import Insertion
from moca.storage.db.tables import Signing, Webhook
from moca.storage.inbound.echoes import Heard, hear_echoes
from moca.storage.inbound.events import Happened, record_happenings
from moca.storage.inbound.messages import Arrival, store_arrivals
from moca.storage.unit_of_work import Batch

_BODIES = Insertion(Webhook, Webhook.received_at, Webhook.body)

_Told = tuple[int, datetime, InboundMessage | Echo]


def record_webhooks(batch: Batch, commands: Sequence[RecordWebhook]) -> None:
    """Store the bodies and what they tell, for each contact in the order in which it came."""
    ids = _BODIES.returning_ids(
        (command.received_at, without_tokens(command.body)) for command in commands
    )
    told: list[_Told] = []
    happened: list[Happened] = []
    for webhook_id, command in zip(ids, commands, strict=True):
        for event in command.events:
            if isinstance(event, InboundMessage | Echo):
                told.append((webhook_id, command.received_at, event))
            else:
                happened.append(Happened(webhook_id, command.received_at, event))
    for arrivals, echoes in _rounds(told):
        store_arrivals(batch, arrivals)
        hear_echoes(batch, echoes)
    if happened:
        record_happenings(batch, happened)
    for command in commands:
        batch.answer(command.receipt, Done())


def _rounds(told: Iterable[_Told]) -> Iterator[tuple[list[Arrival], list[Heard]]]:
    """Part what was told so that in each round no contact's message comes after its echo."""
    arrivals: dict[int, list[Arrival]] = defaultdict(list)
    echoes: dict[int, list[Heard]] = defaultdict(list)
    last: dict[ContactKey, tuple[int, bool]] = {}
    for webhook_id, received_at, event in told:
        number, after_echo = last.get(event.contact, (0, False))
        if isinstance(event, Echo):
            echoes[number].append(Heard(webhook_id, received_at, event))
        else:
            number += after_echo
            arrivals[number].append(Arrival(webhook_id, received_at, event))
        last[event.contact] = number, isinstance(event, Echo)
    for number in sorted(arrivals.keys() | echoes.keys()):
        yield arrivals[number], echoes[number]


def note_signings(_batch: Batch, commands: Sequence[NoteSigning]) -> None:
    """Write when secrets last signed a webhook."""
    for secret, at in {each.secret: each.at for each in commands}.items():
        row: Any = Signing.insert(secret=secret, last_at=at)
        row.on_conflict(conflict_target=[Signing.secret], preserve=[Signing.last_at]).execute()
