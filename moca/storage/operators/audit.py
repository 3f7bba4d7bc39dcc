from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from moca.core.messages.operators import Deed, RecordAudit
from moca.core.messages.receipt import Done
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.operators.idempotency import Result, find_result, record_result
from moca.storage.unit_of_work import Batch

CarryOut = Callable[[Batch, Sequence[Any]], None]


def carry_out_deeds(batch: Batch, deeds: Sequence[Deed], carry_out: CarryOut) -> None:
    """Carry out commands one after the other; those that were done go into the audit trail.

    One whose request was carried out before is only answered, as it was then.
    """
    for deed in deeds:
        known = None if deed.request is None else find_result(deed.request, deed.at)
        if known is not None:
            batch.answer(deed.receipt, known)
        else:
            _carry_out(batch, deed, carry_out)


def _carry_out(batch: Batch, deed: Deed, carry_out: CarryOut) -> None:
    told = len(batch.answers)
    carry_out(batch, [deed.command])
    for receipt, answer in batch.answers[told:]:
        if receipt is not deed.receipt:
            continue
        if isinstance(answer, Done) and not answer.is_repeat:
            _write(deed.at, deed.by, deed.by_id, deed.what, _about(deed, answer))
        if deed.request is not None and isinstance(answer, Result):
            record_result(deed.request, deed.command, answer, deed.at)


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
