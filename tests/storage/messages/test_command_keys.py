"""A commit whose answer was lost is repeated: nothing happens twice."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

from moca.core.content.content import Content
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.messages.command import Conflict, Done
from moca.core.messages.delivery import ClaimReply
from moca.core.messages.operators import AuditedCommand
from moca.core.messages.replies import QueueReply, RecordSteps, ReplyQueued
from moca.core.types import Author, ConversationStatus, Stage, Step
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.tables import Conversation, Message, QueueItem
from tests.storage.desk import Desk, steps
from tests.support.factory import at
from tests.support.values import only

SEND = QueueReply(
    1, (), Content(text="We are back."), at(5), Author.OPERATOR, key="form 1", receipt=Future()
)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.receive("m1")
    return desk


def test_a_command_with_a_known_key_changes_nothing_and_tells_the_first_result(desk: Desk) -> None:
    queued = only(desk.do(SEND), ReplyQueued)
    assert desk.do(replace(SEND, at=at(6))) == (queued,)
    assert desk.answers(SEND) == [Done(queued.reply.message_id, is_repeat=True)]
    assert QueueItem.select().count() == 1
    assert steps(queued.reply.message_id) == ["queue/queued"]


def test_what_has_begun_to_go_is_not_queued_again(desk: Desk) -> None:
    queued = only(desk.do(SEND), ReplyQueued)
    desk.do(ClaimReply(queued.reply, at(6)))
    assert desk.do(SEND) == ()
    assert QueueItem.select().count() == 1


def test_the_same_command_twice_in_one_commit_is_one(desk: Desk) -> None:
    assert desk.answers(SEND, SEND) == [Done(2), Done(2, is_repeat=True)]
    assert Message.select().count() == 2


def test_a_refused_command_uses_up_no_key(desk: Desk) -> None:
    Conversation.update(status=ConversationStatus.CLOSED.value).execute()
    assert [type(each) for each in desk.answers(SEND, SEND)] == [Conflict, Conflict]
    Conversation.update(status=ConversationStatus.OPEN.value).execute()
    assert desk.answers(SEND) == [Done(2)]


def test_a_reply_in_parts_has_one_key(desk: Desk) -> None:
    long = replace(SEND, content=Content(text="word " * (MAX_MESSAGE_BYTES // 2)))
    first = desk.do(long)
    assert len(first) > 1
    assert desk.do(long) == first
    assert all(isinstance(each, ReplyQueued) for each in first)


def test_other_keys_and_none_are_other_commands(desk: Desk) -> None:
    for key in ("form 1", "form 2", None, None):
        desk.do(replace(SEND, key=key))
    assert QueueItem.select().count() == 4


def test_a_repeated_command_is_audited_once(desk: Desk) -> None:
    for _ in range(2):
        desk.do(AuditedCommand(SEND, "anna", "sent a reply", "conversation 1", at(5)))
    assert AuditEntry.select().count() == 1


def test_a_step_that_is_there_is_not_written_again(desk: Desk) -> None:
    recorded = RecordSteps(
        (
            Step(1, at(1), Stage.DEDUPLICATION, "passed", "no duplicate within 10 s"),
            Step(1, at(2), Stage.DEBOUNCE, "gathered"),
            Step(99, at(2), Stage.DEBOUNCE, "gathered"),
        )
    )
    desk.do(recorded)
    before = steps(1)
    desk.do(recorded, RecordSteps((Step(1, at(3), Stage.DEBOUNCE, "gathered"),)))
    assert steps(1) == [*before, "debounce/gathered"]
