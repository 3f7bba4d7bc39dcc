from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

from moca import clock
from moca.core.reply_window import BOT_WINDOW, OPERATOR_WINDOW
from moca.core.types import ContactKey
from moca.instagram.sandbox.account_problems import AccountProblem, AccountProblems
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.comments import SandboxComments
from moca.instagram.sandbox.faults import Faults
from moca.instagram.sandbox.ids import conversation_of, message_id
from moca.instagram.sandbox.payloads import change_body, comment_value, item_body, webhook_body
from moca.instagram.sandbox.responses import SandboxResponse, fine, refused
from moca.instagram.sandbox.threads import (
    SandboxContact,
    SandboxMessage,
    SandboxThread,
    SandboxThreads,
)

_LONGEST_TEXT_BYTES = 1000
_ACTIONS_KEPT = 1000


class SandboxInstagram:
    """The stand-in for Instagram: contacts, accounts and their messages, kept in memory.

    `deliver` receives the body of every webhook and must not block. Without an account id, a call
    concerns the first account. Thread-safe.
    """

    def __init__(
        self,
        accounts: SandboxAccounts,
        deliver: Callable[[bytes], object],
        *,
        now: Callable[[], datetime] = clock.now,
        faults: Faults | None = None,
        troubles: AccountProblems | None = None,
    ) -> None:
        self.accounts = accounts
        self._deliver = deliver
        self._now = now
        self.faults = faults or Faults()
        self.troubles = AccountProblems() if troubles is None else troubles
        self._lock = Lock()
        self._threads = SandboxThreads()
        self._comments = SandboxComments()
        self._actions: deque[tuple[ContactKey, str]] = deque(maxlen=_ACTIONS_KEPT)
        self.profiles: dict[str, dict[str, object]] = {}
        """By account: its ice breakers and menu."""
        self._count = 0

    def write(
        self,
        psid: str,
        text: str,
        name: str | None = None,
        account_id: str | None = None,
        *,
        more: Mapping[str, object] | None = None,
        is_told: bool = True,
    ) -> str:
        """Write to an account as a contact and send the webhook; return the message's id."""
        contact = self._contact(psid, account_id)
        message = self._add(contact, "contact", text, name, more)
        if is_told:
            self._tell(contact, message)
        return message.mid

    def write_app_reply(self, psid: str, text: str, account_id: str | None = None) -> str:
        """Write to a contact as the account's owner in the app; it is echoed like any message."""
        contact = self._contact(psid, account_id)
        message = self._add(contact, "account", text)
        self._tell(contact, message)
        return message.mid

    def edit(self, psid: str, mid: str, text: str, account_id: str | None = None) -> int:
        """Change a message's text; return the number of the edit."""
        with self._lock:
            return self._threads.open(self._contact(psid, account_id)).edit(mid, text)

    def set_reaction(
        self, psid: str, mid: str, reaction: str, account_id: str | None = None
    ) -> None:
        """Set a contact's reaction to a message; an empty one removes it."""
        with self._lock:
            self._threads.open(self._contact(psid, account_id)).set_reaction(mid, reaction)

    def unsend(self, psid: str, mid: str, account_id: str | None = None) -> None:
        """Remove a message from its thread."""
        with self._lock:
            self._threads.open(self._contact(psid, account_id)).remove(mid)

    def new_mid(self, psid: str, account_id: str | None = None) -> str:
        """Return the id of something that is not a message of the thread."""
        with self._lock:
            self._count += 1
            return message_id(self._contact(psid, account_id), self._now(), self._count)

    def send_event(
        self,
        contact: ContactKey,
        item: Mapping[str, object],
        *,
        field: Literal["messaging", "standby"] = "messaging",
        from_account: bool = False,
        is_anonymous: bool = False,
    ) -> None:
        """Send the webhook of an event between a contact and an account other than a message."""
        parties = None if is_anonymous else (contact, from_account)
        now = self._now()
        self._post(item_body(contact.account_id, field, item, parties, now))

    def change(self, account_id: str, field: str, value: Mapping[str, object]) -> None:
        """Send the webhook of a public event."""
        self._post(change_body(account_id, field, value, self._now()))

    def comment(
        self, psid: str, text: str, account_id: str | None = None, *, is_live: bool = False
    ) -> str:
        """Write under an account's post as a contact; return the comment's id."""
        contact = self._contact(psid, account_id)
        with self._lock:
            comment = self._comments.add(contact, self._now())
        field = "live_comments" if is_live else "comments"
        value = comment_value(contact, comment.comment_id, text, is_live=is_live)
        self.change(contact.account_id, field, value)
        return comment.comment_id

    def receive(
        self,
        contact: ContactKey,
        text: str,
        more: Mapping[str, object] | None = None,
        *,
        by_agent: bool = False,
    ) -> SandboxResponse:
        """Deliver an account's message to a contact, echo it, and answer as Graph does."""
        refusal = (
            self.faults.before_send(contact.psid)
            or _refusal_of(text, more)
            or self._refusal(contact, by_agent=by_agent)
        )
        return refusal or self._receive(contact, text, more)

    def receive_privately(
        self, account_id: str, comment_id: str, text: str, more: Mapping[str, object]
    ) -> SandboxResponse:
        """Deliver the one private reply to a comment, allowed within a week of it."""
        with self._lock:
            comment = self._comments.find(account_id, comment_id)
            if comment is None:
                return refused(100, f"Object with ID '{comment_id}' does not exist", 33)
            is_late = self._now() - comment.at > OPERATOR_WINDOW
            if comment.is_answered or is_late:
                return refused(100, "This comment cannot be answered in private", 2534025)
        refusal = self.faults.before_send(comment.contact.psid) or _refusal_of(text, more)
        if refusal is not None:
            return refusal
        comment.is_answered = True
        return self._receive(comment.contact, text, more)

    def show(self, contact: ContactKey, action: str) -> None:
        """Show a contact that the account has read, or is typing; nothing is echoed."""
        with self._lock:
            self._actions.append((contact, action))

    def shown(self) -> tuple[tuple[ContactKey, str], ...]:
        """Return the last actions shown, oldest first."""
        with self._lock:
            return tuple(self._actions)

    def react(self, contact: ContactKey, mid: str, reaction: str | None) -> bool:
        """Set or remove a reaction to a message; return False if there is no such message."""
        with self._lock:
            thread = self._threads.find(contact)
            if thread is None or all(each.mid != mid for each in thread.messages):
                return False
            thread.reactions.pop(mid, None)
            if reaction is not None:
                thread.reactions[mid] = reaction
        return True

    def reactions(self, psid: str, account_id: str | None = None) -> dict[str, str]:
        """Return an account's reactions, by message id."""
        with self._lock:
            thread = self._threads.find(self._contact(psid, account_id))
            return dict(thread.reactions) if thread else {}

    def _receive(
        self, contact: ContactKey, text: str, more: Mapping[str, object] | None
    ) -> SandboxResponse:
        message = self._add(contact, "account", text, more=more)
        self._tell(contact, message)
        answer = fine(recipient_id=contact.psid, message_id=message.mid)
        return self.faults.after_send(message, answer)

    def thread(self, psid: str, account_id: str | None = None) -> tuple[SandboxMessage, ...]:
        """Return the messages between a contact and an account, oldest first."""
        with self._lock:
            thread = self._threads.find(self._contact(psid, account_id))
            return tuple(thread.messages) if thread else ()

    def list_contacts(self, account_id: str | None = None) -> tuple[SandboxContact, ...]:
        """Return the contacts of an account, the most recently active first."""
        account_id = account_id or self.accounts.account_id
        with self._lock:
            return tuple(
                SandboxContact(thread.contact.psid, thread.shown_name, thread.last_at)
                for thread in self._threads
                if thread.contact.account_id == account_id and thread.last_at
            )

    def find_contact(self, contact: ContactKey) -> SandboxContact | None:
        """Return a contact as the account sees it; None until it has written."""
        with self._lock:
            thread = self._threads.find(contact)
            if thread is None or thread.contact_wrote_at is None:
                return None
            return SandboxContact(contact.psid, thread.shown_name, thread.contact_wrote_at)

    def contacts(self) -> tuple[ContactKey, ...]:
        """Return every contact with a thread, the one with the newest message first."""
        with self._lock:
            return tuple(thread.contact for thread in self._threads)

    def find_conversation(self, conversation: str) -> ContactKey | None:
        """Return the contact of a conversation id."""
        with self._lock:
            thread = self._threads.find_conversation(conversation)
            return thread.contact if thread else None

    def find_message(self, mid: str) -> tuple[ContactKey, SandboxMessage] | None:
        """Find a message of the record, and its contact."""
        contact = self.find_conversation(conversation_of(mid) or "")
        if contact is None:
            return None
        return next(((contact, each) for each in self.record(contact) if each.mid == mid), None)

    def record(self, contact: ContactKey) -> tuple[SandboxMessage, ...]:
        """Return a thread as the Conversations API shows it by now, oldest first."""
        now = self._now()
        messages = self.thread(contact.psid, contact.account_id)
        return tuple(each for each in messages if self.faults.is_recorded(each, now))

    def _contact(self, psid: str, account_id: str | None) -> ContactKey:
        return ContactKey(account_id or self.accounts.account_id, psid)

    def _add(
        self,
        contact: ContactKey,
        sender: Literal["contact", "account"],
        text: str,
        name: str | None = None,
        more: Mapping[str, object] | None = None,
    ) -> SandboxMessage:
        with self._lock:
            self._count += 1
            at = self._now()
            mid = message_id(contact, at, self._count)
            message = SandboxMessage(mid, sender, text, at, more or {})
            thread = self._threads.open(contact)
            thread.name = name or thread.name
            thread.add(message)
        return message

    def _tell(self, contact: ContactKey, message: SandboxMessage) -> None:
        self._post(webhook_body(contact, message, self._now()))

    def _post(self, webhook: bytes) -> None:
        if self.troubles.has(AccountProblem.SILENCE):
            return
        for body in self.faults.webhooks(webhook):
            self._deliver(body)

    def _refusal(self, contact: ContactKey, *, by_agent: bool) -> SandboxResponse | None:
        with self._lock:
            thread = self._threads.find(contact)
            window = OPERATOR_WINDOW if by_agent else BOT_WINDOW
            if thread is not None and self._is_shut(thread, window):
                return refused(10, "This message is sent outside of allowed window.", 2534022)
        return None

    def _is_shut(self, thread: SandboxThread, window: timedelta) -> bool:
        # A contact known only from a handmade webhook never wrote here: accept it.
        wrote_at = thread.contact_wrote_at
        return wrote_at is not None and self._now() - wrote_at > window


def _refusal_of(text: str, more: Mapping[str, object] | None) -> SandboxResponse | None:
    if not text and not (more or {}).get("attachments"):
        return refused(100, "Message cannot be empty, must provide valid attachment or text")
    if len(text.encode("utf-8", "replace")) > _LONGEST_TEXT_BYTES:
        return refused(100, "Length of param message[text] must be less than or equal to 1000")
    return None
