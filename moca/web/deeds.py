from datetime import datetime

from moca.core.messages.accounts import (
    ChangeAccount,
    MarkTokenDead,
    RemoveAccount,
    StoreAccount,
)
from moca.core.messages.auditing import Deed
from moca.core.messages.colleagues import AddNote, RemoveNote, RemoveSavedAnswer, SaveAnswer
from moca.core.messages.freezing import FreezeQueue, ReleaseQueue
from moca.core.messages.operating import (
    CancelReply,
    ChangeConversation,
    EditReply,
    EraseContact,
    Overruling,
    RetryReply,
    SettleReply,
)
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
from moca.core.vocabulary import ConversationStatus
from moca.web.visitor import Visitor

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
