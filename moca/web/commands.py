from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import structlog

from moca import clock
from moca.core.messages.accounts import ChangeAccount, MarkTokenDead, RemoveAccount, StoreAccount
from moca.core.messages.housekeeping import EraseForPerson
from moca.core.messages.idempotency import KeyReused
from moca.core.messages.operator_actions import (
    CancelReply,
    ChangeConversation,
    EditReply,
    EraseContact,
    FreezeQueue,
    Overruling,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.core.messages.operators import (
    AddNote,
    AddOperator,
    ChangeOperator,
    ChangeOwnPassword,
    CloseLogin,
    Deed,
    EndLinkSession,
    OpenLinkSession,
    OpenLogin,
    RecordAudit,
    RemoveNote,
    RemoveOperator,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.receipt import Conflict, Done, NotFound, Receipt
from moca.core.messages.replies import QueueReply
from moca.core.types import ConversationStatus
from moca.web.auth.current_user import Visitor, visitor
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.idempotency import reused, take_request_key

_CHANGED = {
    ConversationStatus.OPEN: "gave it to the bot",
    ConversationStatus.PAUSED: "paused the bot",
    ConversationStatus.HUMAN: "took it over",
    ConversationStatus.CLOSED: "closed it",
}


_NEW_ROWS = {AddOperator: "operator", OpenLinkSession: "session"}


def deed_of(command: object, by: Visitor, at: datetime) -> Deed:
    """Sign a command with who gave it, and describe it for the audit trail."""
    what, about = _told(command)
    new_row = _NEW_ROWS.get(type(command), "")
    return Deed(command, by.name, what, about, at, by.number, new_row)


def _told(command: object) -> tuple[str, str]:
    match command:
        case ChangeConversation():
            return _CHANGED.get(command.status, "changed it"), _talk(command.conversation_id)
        case QueueReply():
            return "wrote a reply", _talk(command.conversation_id)
        case AddNote():
            return "wrote a note", _talk(command.conversation_id)
        case RemoveNote():
            return "removed a note", f"note {command.note_id}"
        case CancelReply() | EditReply() | RetryReply() | SettleReply():
            return _overruled(command), f"queue item {command.item_id}"
        case FreezeQueue():
            return "froze the queue", ""
        case ReleaseQueue():
            return "released the queue", ""
        case SaveAnswer() | RemoveSavedAnswer():
            return "changed the saved answers", ""
        # Whoever is erased must not live on in the trail.
        case EraseContact():
            return "erased a contact", ""
        case _:
            return _administered(command)


def _overruled(command: Overruling) -> str:
    match command:
        case CancelReply():
            return "cancelled a reply"
        case EditReply():
            return "edited a reply"
        case RetryReply():
            return "retried a reply"
        case SettleReply():
            fate = "arrived" if command.delivered else "did not arrive"
            return f"said that a reply {fate}"


def _administered(command: object) -> tuple[str, str]:
    match command:
        case StoreAccount():
            return "connected an account", f"account {command.account.account_id}"
        case ChangeAccount() | RemoveAccount() | MarkTokenDead():
            verb = "removed" if isinstance(command, RemoveAccount) else "changed"
            return f"{verb} an account", f"account {command.account_id}"
        case AddOperator():
            return "added an operator", f"{command.name}, who {command.right}"
        case ChangeOperator(right=None):
            return "set a password", _operator(command)
        case ChangeOperator():
            return f"let an operator: {command.right}", _operator(command)
        case ChangeOwnPassword():
            return "changed their own password", ""
        case RemoveOperator():
            return "removed an operator", _operator(command)
        case OpenLogin():
            return "logged in", ""
        case OpenLinkSession():
            return "opened the link", f"from {command.address}"
        case EndLinkSession():
            return "ended a session of the link", f"session {command.login_id}"
        case CloseLogin():
            return "logged out", ""
        case _:
            return type(command).__name__, ""


def _talk(conversation_id: int) -> str:
    return f"conversation {conversation_id}"


def _operator(command: ChangeOperator | RemoveOperator) -> str:
    return f"operator {command.operator_id} ({command.name})"


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
