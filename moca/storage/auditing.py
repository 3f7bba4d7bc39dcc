from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from moca.core.messages import Deed, Done
from moca.core.messages.auditing import RecordAudit
from moca.storage.batch import Batch
from moca.storage.staff import AuditEntry
from moca.storage.storable import short

CarryOut = Callable[[Batch, Sequence[Any]], None]


def carry_out_deeds(batch: Batch, deeds: Sequence[Deed], carry_out: CarryOut) -> None:
    """Carry out commands one after the other; those that were done go into the audit trail."""
    for deed in deeds:
        told = len(batch.answers)
        carry_out(batch, [deed.command])
        for receipt, answer in batch.answers[told:]:
            if receipt is not deed.receipt or not isinstance(answer, Done):
                continue
            if not answer.is_repeat:
                _write(deed.at, deed.by, deed.by_id, deed.what, _about(deed, answer))


def record_audit(batch: Batch, commands: Sequence[RecordAudit]) -> None:
    """Write what no command did into the audit trail."""
    for command in commands:
        _write(command.at, command.by, command.by_id, command.what, command.about)
        batch.answer(command.receipt, Done())


def _about(deed: Deed, done: Done) -> str:
    return f"{deed.new_row} {done.id} ({deed.about})" if deed.new_row else deed.about


def _write(at: datetime, who: str, who_id: int | None, what: str, about: str) -> None:
    AuditEntry.insert(
        at=at, who=short(who), who_id=who_id, what=short(what), about=short(about)
    ).execute()
