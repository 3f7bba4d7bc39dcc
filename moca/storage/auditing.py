from collections.abc import Callable, Sequence
from typing import Any

from moca.core.messages import Deed, Done
from moca.storage.batch import Batch
from moca.storage.staff import AuditEntry
from moca.storage.storable import short

CarryOut = Callable[[Batch, Sequence[Any]], None]


def carry_out_deeds(batch: Batch, deeds: Sequence[Deed], carry_out: CarryOut) -> None:
    """Carry out commands one after the other; those that were done go into the audit trail."""
    for deed in deeds:
        told = len(batch.answers)
        carry_out(batch, [deed.command])
        if any(_is_done(deed, *each) for each in batch.answers[told:]):
            AuditEntry.insert(
                at=deed.at,
                who=short(deed.by),
                what=short(deed.what),
                about=short(deed.about),
            ).execute()


def _is_done(deed: Deed, receipt: object, answer: object) -> bool:
    return receipt is deed.receipt and isinstance(answer, Done) and not answer.is_repeat
