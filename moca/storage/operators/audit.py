from collections.abc import Callable, Sequence
from datetime import datetime

from moca.core.messages.command import Command, Done
from moca.core.messages.operators import AuditedCommand, RecordAudit
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.handlers import handles
from moca.storage.operators.idempotency import Result, find_result, record_result
from moca.storage.unit_of_work import Batch

CarryOut = Callable[[Batch, Sequence[Command]], None]

_LATEST = 1_000
"""How many entries back a repeated one is looked for."""


def carry_out_audited(
    batch: Batch, commands: Sequence[AuditedCommand], carry_out: CarryOut
) -> None:
    """Carry out commands one by one and store an audit entry for each that succeeded.

    If a command's request was carried out before, its first result is returned again.
    """
    for audited in commands:
        known = None if audited.request is None else find_result(audited.request, audited.at)
        if known is not None:
            batch.answer(audited.receipt, known)
        else:
            _carry_out(batch, audited, carry_out)


def _carry_out(batch: Batch, audited: AuditedCommand, carry_out: CarryOut) -> None:
    answers_before = len(batch.answers)
    carry_out(batch, [audited.command])
    for receipt, answer in batch.answers[answers_before:]:
        if receipt is not audited.receipt:
            continue
        if isinstance(answer, Done) and not answer.is_repeat:
            _write(audited.at, audited.by, audited.by_id, audited.what, _about(audited, answer))
        if audited.request is not None and isinstance(answer, Result):
            record_result(audited.request, audited.command, answer, audited.at)


@handles(RecordAudit)
def record_audit(batch: Batch, commands: Sequence[RecordAudit]) -> None:
    """Store audit entries that belong to no command, each once however often it is repeated."""
    for command in commands:
        if not _is_stored(command):
            _write(command.at, command.by, command.by_id, command.what, command.about)
        batch.answer(command.receipt, Done())


def _is_stored(command: RecordAudit) -> bool:
    latest = AuditEntry.select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(_LATEST)
    return (
        AuditEntry.select()
        .where(
            (AuditEntry.id << latest)
            & (AuditEntry.at == command.at)
            & (AuditEntry.who == short(command.by))
            & (AuditEntry.what == short(command.what))
            & (AuditEntry.about == short(command.about))
        )
        .exists()
    )


def _about(audited: AuditedCommand, done: Done) -> str:
    return f"{audited.new_row} {done.id} ({audited.about})" if audited.new_row else audited.about


def _write(at: datetime, who: str, who_id: int | None, what: str, about: str) -> None:
    AuditEntry.insert(
        at=at, who=short(who), who_id=who_id, what=short(what), about=short(about)
    ).execute()
