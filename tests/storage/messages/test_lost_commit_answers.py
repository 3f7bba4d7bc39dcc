"""The database commits and its answer is lost: what is repeated happens once."""

from collections.abc import Iterator
from contextlib import contextmanager

import peewee
from freezegun.api import FrozenDateTimeFactory

from actors.persistence import PersistenceActor
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from moca.core.content.content import Content
from moca.core.conversation.disclosure import reply_with_disclosure
from moca.core.conversation.state import Conversation
from moca.core.messages.command import Command
from moca.core.messages.housekeeping import RecordMetrics
from moca.core.messages.operators import RecordAudit
from moca.core.messages.reconciliation import CountArrivals
from moca.core.messages.replies import (
    ConcludeMessages,
    QueueReply,
    RecordSteps,
    ReplyQueued,
    ReplyRefused,
)
from moca.core.metrics import Metric
from moca.core.policy import ConversationPolicy
from moca.core.types import Outcome, Stage, Step
from moca.storage.db.metric_tables import ArrivalHour
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.tables import Message, QueueItem
from moca.storage.queries.stats import list_metrics
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, Desk, steps
from tests.support.factory import ANNA, NOON, at
from tests.support.frozen_time import frozen_at
from tests.support.values import of_kind, only

DISCLOSES = ConversationPolicy(disclosure="I am a bot.")


class AnswerLosingWriter(Writer):
    """Commits without an answer, as if the connection were cut at that moment."""

    lost = 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with super()._transaction():
            yield
        if self.lost:
            self.lost -= 1
            self._database.close()
            raise peewee.OperationalError("server closed the connection unexpectedly")


def carry_out(
    database: peewee.Database,
    frozen: FrozenDateTimeFactory,
    commands: tuple[Command, ...],
    losses: int,
) -> list[object]:
    """Write commands together while commit answers are lost; return the announced events."""
    writer = AnswerLosingWriter(database, POLICY)
    told: list[object] = []
    dispatcher, timers = SteppingDispatcher(), ManualTimers()
    actor = PersistenceActor.start_on(
        dispatcher, open_writer=lambda: writer, notify=told.append, timers=timers
    )
    writer.lost = losses
    for command in commands:
        actor.tell(command)
    for second in range(5):
        frozen.move_to(at(second))
        timers.advance_to(at(second))
        while dispatcher.step():
            pass
    actor.stop()
    return told


def test_an_away_text_a_disclosure_and_steps_are_written_once(
    desk: Desk, database: peewee.Database
) -> None:
    with frozen_at(NOON) as frozen:
        desk.receive("m1")
        state = Conversation(contact=ANNA, conversation_id=1, active_at=at(0))
        heart = Content(is_heart=True)
        commands = (
            *reply_with_disclosure(
                state, (), Content(text="We are away."), at(0), DISCLOSES, is_away_text=True
            ),
            *reply_with_disclosure(state, (1,), heart, at(0), DISCLOSES),
            RecordSteps((Step(1, at(0), Stage.HOURS, "waiting"),)),
        )
        told = carry_out(database, frozen, commands, losses=2)

        texts = [row.text for row in Message.select().order_by(Message.id)]
        assert texts == ["hello", "I am a bot.\n\nWe are away.", "I am a bot.", ""]
        assert steps(1).count("hours/waiting") == 1
        assert {each.reply.item_id for each in told if isinstance(each, ReplyQueued)} == {1, 2, 3}


def test_figures_and_arrivals_are_counted_once(desk: Desk, database: peewee.Database) -> None:
    with frozen_at(NOON) as frozen:
        desk.receive("m1")
        desk.do(CountArrivals(at(0)))
        acks = Metric(minute=NOON, name="ack", count=3)
        commands = (RecordMetrics((acks,), at(0), "1"), CountArrivals(at(0)))
        carry_out(database, frozen, commands, losses=2)

        assert list_metrics(NOON) == (acks,)
        assert [(row.hour, row.delivered) for row in ArrivalHour.select()] == [(NOON, 1)]


def test_an_audit_entry_without_a_command_is_written_once(
    desk: Desk, database: peewee.Database
) -> None:
    with frozen_at(NOON) as frozen:
        exported = RecordAudit("Ana", "exported a contact", "contact 1", at(0), 1)
        refused = RecordAudit("system", "refused a login", "", at(0))
        carry_out(database, frozen, (exported, refused), losses=2)

        entries = [(row.who, row.what, row.about, row.at) for row in AuditEntry.select()]
        assert entries == [
            ("Ana", "exported a contact", "contact 1", at(0)),
            ("system", "refused a login", "", at(0)),
        ]


def test_a_reply_that_was_queued_is_announced_though_its_commit_was_not_heard_of(
    desk: Desk, database: peewee.Database
) -> None:
    with frozen_at(NOON) as frozen:
        heard = desk.receive("m1")
        reply = QueueReply(1, (heard,), Content(text="word " * 400), at(0))
        told = carry_out(database, frozen, (reply,), losses=1)

        items = [row.id for row in QueueItem.select()]
        assert len(items) > 1
        assert [type(each) for each in told] == [ReplyQueued] * len(items)
        assert [of_kind(each, ReplyQueued).reply.item_id for each in told] == items
        assert {of_kind(each, ReplyQueued).input_ids for each in told} == {(heard,)}


def test_a_conversation_is_loaded_anew_whose_reply_went_meanwhile(desk: Desk) -> None:
    heard = desk.receive("m1")
    repeated = QueueReply(1, (heard,), Content(text="hi"), at(5))
    queued = only(desk.do(repeated), ReplyQueued)
    desk.send(queued.reply)
    refused = only(desk.do(repeated), ReplyRefused)
    assert (refused.contact, refused.input_ids, refused.is_outdated) == (ANNA, (heard,), True)
    assert QueueItem.select().count() == 1


def test_what_was_ended_without_a_reply_is_refused_as_ever(desk: Desk) -> None:
    heard = desk.receive("m1")
    desk.do(ConcludeMessages((heard,), Outcome.SUPPRESSED, "paused", at(4)))
    (refused,) = desk.do(QueueReply(1, (heard,), Content(text="hi"), at(5)))
    assert refused == ReplyRefused(ANNA, (heard,), "the messages no longer need a reply")
