from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

from moca import clock
from moca.core.contact import ContactKey
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.answers import Answer, fine, refused
from moca.instagram.sandbox.faults import Faults
from moca.instagram.sandbox.ids import conversation_of, message_id
from moca.instagram.sandbox.payloads import webhook_body
from moca.instagram.sandbox.threads import Person, SandboxMessage, Thread, Threads

_WINDOW = timedelta(hours=24)
_LONGEST_TEXT_BYTES = 1000


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
    ) -> None:
        self.accounts = accounts
        self._deliver = deliver
        self._now = now
        self._faults = faults or Faults()
        self._lock = Lock()
        self._threads = Threads()
        self._count = 0

    def write(
        self, psid: str, text: str, name: str | None = None, account_id: str | None = None
    ) -> str:
        """Let a person write to an account; the webhook goes out, the message's id comes back."""
        contact = self._contact(psid, account_id)
        message = self._add(contact, "contact", text, name)
        self._tell(contact, message)
        return message.mid

    def receive(self, contact: ContactKey, text: str) -> Answer:
        """Take a text that an account sends to a person, echo it, and answer as Graph does."""
        refusal = self._faults.before_send(contact.psid) or self._refusal(contact, text)
        if refusal is not None:
            return refusal
        message = self._add(contact, "account", text)
        self._tell(contact, message)
        answer = fine(recipient_id=contact.psid, message_id=message.mid)
        return self._faults.after_send(message, answer)

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
        return tuple(each for each in messages if self._faults.is_recorded(each, now))

    def _contact(self, psid: str, account_id: str | None) -> ContactKey:
        return ContactKey(account_id or self.accounts.account_id, psid)

    def _add(
        self,
        contact: ContactKey,
        sender: Literal["contact", "account"],
        text: str,
        name: str | None = None,
    ) -> SandboxMessage:
        with self._lock:
            self._count += 1
            at = self._now()
            message = SandboxMessage(message_id(contact, at, self._count), sender, text, at)
            thread = self._threads.open(contact)
            thread.name = name or thread.name
            thread.add(message)
        return message

    def _tell(self, contact: ContactKey, message: SandboxMessage) -> None:
        for body in self._faults.webhooks(webhook_body(contact, message, self._now())):
            self._deliver(body)

    def _refusal(self, contact: ContactKey, text: str) -> Answer | None:
        if not text:
            return refused(100, "Message cannot be empty, must provide valid attachment or text")
        if len(text.encode("utf-8", "replace")) > _LONGEST_TEXT_BYTES:
            return refused(100, "Length of param message[text] must be less than or equal to 1000")
        with self._lock:
            thread = self._threads.find(contact)
            if thread is not None and self._is_shut(thread):
                return refused(10, "This message is sent outside of allowed window.", 2534022)
        return None

    def _is_shut(self, thread: Thread) -> bool:
        # Somebody known only by a webhook that was made by hand never wrote here: let it through.
        wrote_at = thread.contact_wrote_at
        return wrote_at is not None and self._now() - wrote_at > _WINDOW
