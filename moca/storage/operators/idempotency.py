from collections.abc import Sequence
from datetime import datetime
from typing import Any

import peewee

from moca.core.messages.idempotency import KEYS_LAST, KeepAnswer, KeyReused, RequestKey
from moca.core.messages.receipt import Conflict, Done, NotFound
from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Conversation, QueueItem, Table
from moca.storage.unit_of_work import Batch

_DONE, _NOT_FOUND, _CONFLICT = "done", "not_found", "conflict"

Result = Done | NotFound | Conflict


class IdempotencyKey(Table):
    """A request that was carried out, so that it is not when it comes again."""

    key = peewee.CharField(primary_key=True)
    fingerprint = peewee.CharField()
    at = InstantField(index=True)
    conversation = peewee.ForeignKeyField(Conversation, null=True, on_delete="CASCADE")
    """Whose words the answer may hold: erased with them."""
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")
    """The id of what was made, or why nothing was done."""
    status = peewee.IntegerField(null=True)
    body = peewee.TextField(null=True)
    """Of the answer, once it is kept."""

    class Meta:
        table_name = "idempotency_key"


def find_result(request: RequestKey, at: datetime) -> Result | KeyReused | None:
    """Return what came of a request that was carried out already, or None if it was not."""
    row: Any = IdempotencyKey.get_or_none(IdempotencyKey.key == request.key)
    if row is None:
        return None
    if at - row.at >= KEYS_LAST:
        row.delete_instance()
        return None
    return _result(row) if row.fingerprint == request.fingerprint else KeyReused()


def record_result(request: RequestKey, command: object, result: Result, at: datetime) -> None:
    """Record what came of a request, in the transaction that carries it out."""
    outcome, detail = _written(result)
    IdempotencyKey.insert(
        key=request.key,
        fingerprint=request.fingerprint,
        at=at,
        conversation=_conversation_of(command) if isinstance(result, Done) else None,
        outcome=outcome,
        detail=detail,
    ).execute()


def keep_answers(batch: Batch, commands: Sequence[KeepAnswer]) -> None:
    """Keep the first answer to each request that was carried out and is not erased."""
    for command in commands:
        request = command.request
        is_it: Any = (
            (IdempotencyKey.key == request.key)
            & (IdempotencyKey.fingerprint == request.fingerprint)
            & (IdempotencyKey.outcome == _DONE)
            & IdempotencyKey.status.is_null()
        )
        kept = IdempotencyKey.update(status=command.status, body=command.body).where(is_it)
        batch.answer(command.receipt, Done() if kept.execute() else NotFound())


def forget_keys(at: datetime, portion: int) -> bool:
    """Delete a few keys whose time is over; False if there were none."""
    column: Any = IdempotencyKey.key
    over: Any = IdempotencyKey.select(column).where(IdempotencyKey.at <= at - KEYS_LAST)
    keys = [key for (key,) in over.order_by(IdempotencyKey.at).limit(portion).tuples()]
    if keys:
        IdempotencyKey.delete().where(column << keys).execute()
    return bool(keys)


def forget_answers_about_accounts() -> None:
    """Forget the answers that no conversation's erasure reaches; the requests stay carried out."""
    unlinked: Any = IdempotencyKey.conversation.is_null()
    IdempotencyKey.update(status=None, body=None).where(unlinked).execute()


def _conversation_of(command: Any) -> int | None:
    conversation_id: int | None = getattr(command, "conversation_id", None)
    item_id = getattr(command, "item_id", None)
    if item_id is not None:
        query: Any = QueueItem.select(QueueItem.conversation).where(QueueItem.id == item_id)
        conversation_id = query.scalar()
    return conversation_id


def _written(result: Result) -> tuple[str, str]:
    match result:
        case Done(made_id):
            return _DONE, "" if made_id is None else str(made_id)
        case NotFound():
            return _NOT_FOUND, ""
        case Conflict(because):
            return _CONFLICT, because


def _result(row: IdempotencyKey) -> Result:
    detail = str(row.detail)
    if row.outcome == _DONE:
        return Done(int(detail) if detail else None)
    return Conflict(detail) if row.outcome == _CONFLICT else NotFound()
