from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import nullcontext
from datetime import datetime
from functools import partial

import peewee

from moca.core.account_scope import AccountScope
from moca.core.content.content import Content
from moca.core.messages.command import Command, Done
from moca.core.messages.labels import LabelConversation
from moca.core.messages.operator_actions import (
    ApproveReply,
    CancelReply,
    ChangeConversation,
    DiscardReply,
    EditReply,
)
from moca.core.messages.replies import QueueReply
from moca.core.types import Author, ConversationStatus
from moca.storage.queries.contacts import list_contacts
from moca.storage.queries.conversations import list_conversations
from moca.storage.queries.feed.events import read_feed
from moca.storage.queries.inbox import InboxFilter, list_inbox
from moca.storage.queries.queue import list_items
from moca.storage.queries.team.drafts import list_drafts
from moca.web.auth.account_scope import visible_id
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Row
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.script import Operates

_ALL = 1_000
_ON_ITEM = ("edit", "cancel", "approve", "discard")


class AccountScopes:
    """Looks and acts as operators who are limited to an account, and judges what they reach."""

    def __init__(
        self,
        database: peewee.Database,
        clockwork: Clockwork,
        post: Callable[[Command], object],
        oracle: Oracle,
    ) -> None:
        self._database = database
        self._clockwork = clockwork
        self._ledger = oracle.ledger
        self._post = post
        self._is_broken = oracle.is_broken

    def admits(self, act: Operates) -> bool:
        """Return whether an act is within its operator's account; try it in vain if it is not."""
        if not act.limited_to:
            return True
        scope = AccountScope.of([act.limited_to])
        with self._database.connection_context() if self._database.is_closed() else nullcontext():
            self._judge_what_is_seen(scope)
            if scope.includes(act.contact.account_id):
                return True
            commands = list(self._commands(act, scope))
        for command in commands:
            self._try(command, act)
        return False

    def _judge_what_is_seen(self, scope: AccountScope) -> None:
        inbox = list_inbox(InboxFilter(scope=scope), self._now, limit=_ALL)
        drafts = set(list_drafts(scope))
        seen = [
            *(each.conversation.contact.account_id for each in inbox.items),
            *(each.contact.account_id for each in list_items(limit=_ALL, scope=scope).items),
            *(each.account_id for each in list_contacts(limit=_ALL, scope=scope).items),
            *(row["account_id"] for row in self._ledger.items() if row["id"] in drafts),
            *(
                each.contact.account_id
                for each in list_conversations(limit=_ALL, scope=scope).items
            ),
            *(
                each.account_id
                for each in read_feed(after=0, limit=_ALL, has_texts=True, scope=scope).items
            ),
        ]
        others = {each for each in seen if not scope.includes(each)}
        if others:
            self._is_broken(Invariant.OWN_ACCOUNTS, f"{scope.account_ids} is shown {others}")

    def _commands(self, act: Operates, scope: AccountScope) -> Iterator[Command]:
        """Yield what the web makes of an act on each thing of a contact out of scope."""
        contact, conversation = act.contact, self._ledger.conversation(act.contact)
        if act.action in _ON_ITEM:
            where = "k.psid = ? AND k.account_id = ?"
            for row in self._ledger.items(where, contact.psid, contact.account_id):
                item_id = int(visible_id("queue", str(row["id"]), scope))
                yield self._on_item(act, item_id)
        elif conversation is not None:
            yield self._on_conversation(act, conversation, scope)

    def _on_item(self, act: Operates, item_id: int) -> Command:
        receipt: Future[object] = Future()
        match act.action:
            case "edit":
                return EditReply(item_id, act.text, self._now, receipt=receipt)
            case "cancel":
                return CancelReply(item_id, self._now, receipt=receipt)
            case "approve":
                return ApproveReply(item_id, self._now, {item_id: act.text}, receipt=receipt)
            case _:
                return DiscardReply(item_id, self._now, receipt=receipt)

    def _on_conversation(self, act: Operates, conversation: Row, scope: AccountScope) -> Command:
        number = int(visible_id("conversations", str(conversation["id"]), scope))
        receipt: Future[object] = Future()
        match act.action:
            case "write":
                said = Content(text=act.text)
                return QueueReply(number, (), said, self._now, Author.OPERATOR, receipt=receipt)
            case "close":
                return ChangeConversation(
                    number, ConversationStatus.CLOSED, self._now, receipt=receipt
                )
            case _:
                return LabelConversation(number, (), receipt=receipt)

    def _try(self, command: Command, act: Operates) -> None:
        receipt: Future[object] | None = getattr(command, "receipt", None)
        if receipt is not None:
            receipt.add_done_callback(partial(self._judge, act))
        self._post(command)

    def _judge(self, act: Operates, receipt: Future[object]) -> None:
        if receipt.exception() is None and isinstance(receipt.result(), Done):
            what = f"{act.limited_to} may {act.action} for {act.contact}"
            self._is_broken(Invariant.OWN_ACCOUNTS, what)

    @property
    def _now(self) -> datetime:
        return self._clockwork.now()
