from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from datetime import datetime

import structlog

from moca import clock
from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound, Receipt
from moca.core.messages.idempotency import KeyReused, RequestKey
from moca.core.messages.operators import AssignConversation, AuditedCommand, RecordAudit
from moca.core.types import author_display_name
from moca.web.auth.current_user import author_id, current_user
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.idempotency import part_keys, reused, take_request_key

CommandResult = Done | NotFound | Conflict | None

_LOG = structlog.get_logger(__name__)


def carry_out(command: AwaitedCommand, ports: WebPorts, config: WebConfig) -> Done:
    """Execute an operator's command and wait until it and its audit entry are committed.

    Raises:
        Problem: 404 or 409 if it is impossible, 503 if the commit is unconfirmed, and what `reused`
            returns.
    """
    receipt: Receipt = Future()
    asked = _signed(replace(command, receipt=receipt), take_request_key())
    match _answer(asked, receipt, ports, config):
        case Done() as done:
            return done
        case NotFound():
            raise Problem(404, "Not found.")
        case Conflict(because):
            raise Problem(409, because)
        case KeyReused():
            raise reused()
        case _:
            raise Problem(
                503,
                "Storing this took too long. It may still have been done; check before "
                "you try again.",
            )


def carry_out_each(
    commands: Sequence[AwaitedCommand], ports: WebPorts, config: WebConfig
) -> list[CommandResult]:
    """Execute commands, each by itself, and wait until they and their audit entries are committed.

    Returns:
        Their results in their order, None where the commit is unconfirmed.

    Raises:
        Problem: What `reused` returns.
    """
    receipts: list[Receipt] = [Future() for _ in commands]
    keys = part_keys(len(commands))
    for command, receipt, key in zip(commands, receipts, keys, strict=True):
        try:
            ports.tell(_signed(replace(command, receipt=receipt), key))
        except Exception as error:  # noqa: BLE001 - too busy: the others wait for their commits
            _LOG.warning("command.not_stored", error=type(error).__name__)
            receipt.set_exception(error)
    wait(receipts, config.receipt_timeout.total_seconds())
    results = [each.result() if _has_result(each) else None for each in receipts]
    if any(isinstance(each, KeyReused) for each in results):
        raise reused()
    return results


def _has_result(receipt: Receipt) -> bool:
    return receipt.done() and receipt.exception() is None


def record_audit(what: str, about: str, ports: WebPorts, config: WebConfig) -> None:
    """Write an audit entry for an action without a command; wait until it is committed.

    Raises:
        Problem: 503 if the commit is unconfirmed.
    """
    known = current_user()
    receipt: Receipt = Future()
    by, number = (known.name, known.number) if known else ("system", None)
    entry = RecordAudit(by, what, about, clock.now(), number, receipt=receipt)
    if not isinstance(_answer(entry, receipt, ports, config), Done):
        raise Problem(503, "Writing the audit log failed. Try again.")


def assignment(conversation_id: int, operator_id: int | None, name: str) -> AssignConversation:
    """Return the command of the current user that assigns a conversation."""
    known = current_user()
    return AssignConversation(
        conversation_id,
        operator_id,
        name,
        by=author_display_name(known.name) if known else "",
        by_id=author_id(),
        at=clock.now(),
    )


def _signed(command: AwaitedCommand, key: RequestKey | None) -> AwaitedCommand | AuditedCommand:
    known = current_user()
    if known is None:
        return command
    what, about = command.audit_text()
    # The command's own time, if it has one: by it, what was done is undone.
    at: datetime = getattr(command, "at", None) or clock.now()
    audited = AuditedCommand(command, known.name, what, about, at, known.number)
    return replace(audited, new_row=command.new_row, request=key)


def _answer(command: object, receipt: Receipt, ports: WebPorts, config: WebConfig) -> object:
    try:
        ports.tell(command)
        return receipt.result(config.receipt_timeout.total_seconds())
    except Exception as error:  # noqa: BLE001 - on any error, only a commit may be reported as one
        meant = command.command if isinstance(command, AuditedCommand) else command
        _LOG.warning("command.not_stored", command=type(meant).__name__, error=type(error).__name__)
        return None
