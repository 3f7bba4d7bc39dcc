from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal

from moca import clock
from moca.core.types import ContactKey
from moca.instagram.sandbox.account_problems import Trouble, Troubles
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.comments import Comments
from moca.instagram.sandbox.faults import Faults
from moca.instagram.sandbox.ids import conversation_of, message_id
from moca.instagram.sandbox.payloads import change_body, comment_value, item_body, webhook_body
from moca.instagram.sandbox.responses import Answer, fine, refused
from moca.instagram.sandbox.threads import Person, SandboxMessage, Thread, Threads

_WINDOW = timedelta(hours=24)
_WINDOW_OF_AGENTS = timedelta(days=7)
_LONGEST_TEXT_BYTES = 1000
_ACTIONS_KEPT = 1000


class SandboxInstagram:
    """The stand-in for Instagram: people and accounts and what they wrote, kept in memory.

    `deliver` is handed the body of every webhook and must not block. What names no account speaks
    of the first one. Every method may be called on any thread.
    """

    def __init__(
        self,
        accounts: SandboxAccounts,
        deliver: Callable[[bytes], object],
        *,
        now: Callable[[], datetime] = clock.now,
        faults: Faults | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self.accounts = accounts
        self._deliver = deliver
        self._now = now
        self.faults = faults or Faults()
        self.troubles = Troubles() if troubles is None else troubles
        self._lock = Lock()
        self._threads = Threads()
        self._comments = Comments()
        self._actions: deque[tuple[ContactKey, str]] = deque(maxlen=_ACTIONS_KEPT)
        self.profiles: dict[str, dict[str, Any]] = {}
        """By account, its ice breakers and menu."""
        self._count = 0

    def write(
        self,
        psid: str,
        text: str,
        name: str | None = None,
        account_id: str | None = None,
        *,
        more: Mapping[str, Any] | None = None,
        is_told: bool = True,
    ) -> str:
        """Let a person write to an account; the webhook goes out, the message's id comes back."""
        contact = self._contact(psid, account_id)
        message = self._add(contact, "contact", text, name, more)
        if is_told:
            self._tell(contact, message)
        return message.mid

    def write_by_hand(self, psid: str, text: str, account_id: str | None = None) -> str:
        """Let the account's owner write to a person in the app; it is echoed like anything else."""
        contact = self._contact(psid, account_id)
        message = self._add(contact, "account", text)
        self._tell(contact, message)
        return message.mid

    def edit(self, psid: str, mid: str, text: str, account_id: str | None = None) -> int:
        """Change what a message says; the number of the edit."""
        with self._lock:
            return self._threads.open(self._contact(psid, account_id)).edit(mid, text)

    def put_sign(self, psid: str, mid: str, sign: str, account_id: str | None = None) -> None:
        """Let a person put a sign on a message; an empty one takes it off."""
        with self._lock:
            self._threads.open(self._contact(psid, account_id)).put_sign(mid, sign)

    def unsend(self, psid: str, mid: str, account_id: str | None = None) -> None:
        """Take a message out of its thread."""
        with self._lock:
            self._threads.open(self._contact(psid, account_id)).remove(mid)

    def new_mid(self, psid: str, account_id: str | None = None) -> str:
        """Make the id of something that is no message of the thread."""
        with self._lock:
            self._count += 1
            return message_id(self._contact(psid, account_id), self._now(), self._count)

    def happen(
        self,
        contact: ContactKey,
        item: Mapping[str, Any],
        *,
        field: Literal["messaging", "standby"] = "messaging",
        from_account: bool = False,
        is_anonymous: bool = False,
    ) -> None:
        """Tell something between a person and an account that is no plain message."""
        parties = None if is_anonymous else (contact, from_account)
        now = self._now()
        self._post(item_body(contact.account_id, field, item, parties, now))

    def change(self, account_id: str, field: str, value: Mapping[str, Any]) -> None:
        """Tell something that happened in public."""
        self._post(change_body(account_id, field, value, self._now()))

    def comment(
        self, psid: str, text: str, account_id: str | None = None, *, is_live: bool = False
    ) -> str:
        """Let a person write under a post of an account; the comment's id comes back."""
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
        more: Mapping[str, Any] | None = None,
        *,
        by_agent: bool = False,
    ) -> Answer:
        """Take a message that an account sends to a person, echo it, and answer as Graph does."""
        refusal = (
            self.faults.before_send(contact.psid)
            or _refusal_of(text, more)
            or self._refusal(contact, by_agent=by_agent)
        )
        return refusal or self._bring(contact, text, more)

    def receive_privately(
        self, account_id: str, comment_id: str, text: str, more: Mapping[str, Any]
    ) -> Answer:
        """Take the one private reply to a comment, within a week of it."""
        with self._lock:
            comment = self._comments.find(account_id, comment_id)
            if comment is None:
                return refused(100, f"Object with ID '{comment_id}' does not exist", 33)
            is_late = self._now() - comment.at > _WINDOW_OF_AGENTS
            if comment.is_answered or is_late:
                return refused(100, "This comment cannot be answered in private", 2534025)
        refusal = self.faults.before_send(comment.contact.psid) or _refusal_of(text, more)
        if refusal is not None:
            return refusal
        comment.is_answered = True
        return self._bring(comment.contact, text, more)

    def show(self, contact: ContactKey, action: str) -> None:
        """Show a person that the account has read, or is writing; nothing is echoed."""
        with self._lock:
            self._actions.append((contact, action))

    def shown(self) -> tuple[tuple[ContactKey, str], ...]:
        """Tell the last things shown, oldest first."""
        with self._lock:
            return tuple(self._actions)

    def react(self, contact: ContactKey, mid: str, reaction: str | None) -> bool:
        """Put a sign on a message, or take it off; False where there is no such message."""
        with self._lock:
            thread = self._threads.find(contact)
            if thread is None or all(each.mid != mid for each in thread.messages):
                return False
            thread.reactions.pop(mid, None)
            if reaction is not None:
                thread.reactions[mid] = reaction
        return True

    def reactions(self, psid: str, account_id: str | None = None) -> dict[str, str]:
        """Show the signs that an account put on messages, by message."""
        with self._lock:
            thread = self._threads.find(self._contact(psid, account_id))
            return dict(thread.reactions) if thread else {}

    def _bring(self, contact: ContactKey, text: str, more: Mapping[str, Any] | None) -> Answer:
        message = self._add(contact, "account", text, more=more)
        self._tell(contact, message)
        answer = fine(recipient_id=contact.psid, message_id=message.mid)
        return self.faults.after_send(message, answer)

    def thread(self, psid: str, account_id: str | None = None) -> tuple[SandboxMessage, ...]:
        """Show what a person and an account wrote to each other, oldest first."""
        with self._lock:
            thread = self._threads.find(self._contact(psid, account_id))
            return tuple(thread.messages) if thread else ()

    def people(self, account_id: str | None = None) -> tuple[Person, ...]:
        """Name everybody who talks with an account, the one who did last first."""
        account_id = account_id or self.accounts.account_id
        with self._lock:
            return tuple(
                Person(thread.contact.psid, thread.shown_name, thread.last_at)
                for thread in self._threads
                if thread.contact.account_id == account_id and thread.last_at
            )

    def person(self, contact: ContactKey) -> Person | None:
        """Show a person as the account sees them: nobody until they have written."""
        with self._lock:
            thread = self._threads.find(contact)
            if thread is None or thread.contact_wrote_at is None:
                return None
            return Person(contact.psid, thread.shown_name, thread.contact_wrote_at)

    def contacts(self) -> tuple[ContactKey, ...]:
        """Name every thread, the one with the newest message first."""
        with self._lock:
            return tuple(thread.contact for thread in self._threads)

    def find_conversation(self, conversation: str) -> ContactKey | None:
        """Tell whose conversation an id means."""
        with self._lock:
            thread = self._threads.find_conversation(conversation)
            return thread.contact if thread else None

    def find_message(self, mid: str) -> tuple[ContactKey, SandboxMessage] | None:
        """Find a message of the record, and whose it is."""
        contact = self.find_conversation(conversation_of(mid) or "")
        if contact is None:
            return None
        return next(((contact, each) for each in self.record(contact) if each.mid == mid), None)

    def record(self, contact: ContactKey) -> tuple[SandboxMessage, ...]:
        """Show a thread as the Conversations API does by now, oldest first."""
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
        more: Mapping[str, Any] | None = None,
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

    def _post(self, told: bytes) -> None:
        if self.troubles.has(Trouble.SILENCE):
            return
        for body in self.faults.webhooks(told):
            self._deliver(body)

    def _refusal(self, contact: ContactKey, *, by_agent: bool) -> Answer | None:
        with self._lock:
            thread = self._threads.find(contact)
            window = _WINDOW_OF_AGENTS if by_agent else _WINDOW
            if thread is not None and self._is_shut(thread, window):
                return refused(10, "This message is sent outside of allowed window.", 2534022)
        return None

    def _is_shut(self, thread: Thread, window: timedelta) -> bool:
        # Somebody known only by a webhook that was made by hand never wrote here: let it through.
        wrote_at = thread.contact_wrote_at
        return wrote_at is not None and self._now() - wrote_at > window


def _refusal_of(text: str, more: Mapping[str, Any] | None) -> Answer | None:
    if not text and not (more or {}).get("attachments"):
        return refused(100, "Message cannot be empty, must provide valid attachment or text")
    if len(text.encode("utf-8", "replace")) > _LONGEST_TEXT_BYTES:
        return refused(100, "Length of param message[text] must be less than or equal to 1000")
    return None
