from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import structlog

from moca import clock
from moca.core.messages.accounts import (
    ChangeAccount,
    MarkTokenDead,
    RemoveAccount,
    StoreAccount,
)
from moca.core.messages.auditing import Deed, RecordAudit
from moca.core.messages.colleagues import AddNote, RemoveNote, RemoveSavedAnswer, SaveAnswer
from moca.core.messages.freezing import FreezeQueue, ReleaseQueue
from moca.core.messages.idempotency import KeyReused
from moca.core.messages.operating import (
    CancelReply,
    ChangeConversation,
    EditReply,
    EraseContact,
    RetryReply,
    SettleReply,
)
from moca.core.messages.privacy import EraseForPerson
from moca.core.messages.receipt import Conflict, Done, NotFound, Receipt
from moca.core.messages.replying import QueueReply
from moca.core.messages.staffing import (
    AddOperator,
    ChangeOperator,
    ChangeOwnPassword,
    CloseLogin,
    EndLinkSession,
    OpenLinkSession,
    OpenLogin,
    RemoveOperator,
)
from moca.web.config import Ports, WebConfig
from moca.web.deeds import deed_of
from moca.web.idempotency import reused, take_request_key
from moca.web.problems import Problem
from moca.web.visitor import visitor

Command = TypeVar(
    "Command",
    AddNote,
    AddOperator,
    CancelReply,
    ChangeAccount,
    ChangeConversation,
    ChangeOperator,
    ChangeOwnPassword,
    CloseLogin,
    EditReply,
    EndLinkSession,
    EraseContact,
    EraseForPerson,
    FreezeQueue,
    MarkTokenDead,
    OpenLinkSession,
    OpenLogin,
    QueueReply,
    ReleaseQueue,
    RemoveAccount,
    RemoveNote,
    RemoveOperator,
    RemoveSavedAnswer,
    RetryReply,
    SaveAnswer,
    SettleReply,
    StoreAccount,
)

_LOG = structlog.get_logger(__name__)


def carry_out(command: Command, ports: Ports, config: WebConfig) -> Done:
    """Hand an operator's command over and wait until it is on disk, with who gave it.

    Raises:
        Problem: 404 or 409 where it cannot be done, 503 where it is not known to be done, and
            what `reused` returns.
    """
    receipt: Receipt = Future()
    asked = _signed(replace(command, receipt=receipt))
    match _answer(asked, receipt, ports, config):
        case Done() as done:
            return done
        case NotFound():
            raise Problem(404, "there is no such thing")
        case Conflict(because):
            raise Problem(409, because)
        case KeyReused():
            raise reused()
        case _:
            raise Problem(503, "it could not be stored in time; look before trying again")


def record_audit(what: str, about: str, ports: Ports, config: WebConfig) -> None:
    """Write into the audit log what whoever asks does without a command; wait until it is on disk.

    Raises:
        Problem: 503 where it is not known to be written.
    """
    known = visitor()
    receipt: Receipt = Future()
    by, number = (known.name, known.number) if known else ("system", None)
    entry = RecordAudit(by, what, about, clock.now(), number, receipt)
    if not isinstance(_answer(entry, receipt, ports, config), Done):
        raise Problem(503, "it could not be written into the audit log; try again")


def _signed(command: Command) -> Command | Deed:
    known = visitor()
    if known is None:
        return command
    deed = deed_of(command, known, clock.now())
    return replace(deed, request=take_request_key())


def _answer(command: object, receipt: Receipt, ports: Ports, config: WebConfig) -> object:
    try:
        ports.tell(command)
        return receipt.result(config.receipt_timeout.total_seconds())
    except Exception as error:  # noqa: BLE001 - whatever it was, only a commit may be told as one
        meant = command.command if isinstance(command, Deed) else command
        _LOG.warning("command.not_stored", command=type(meant).__name__, error=type(error).__name__)
        return None
