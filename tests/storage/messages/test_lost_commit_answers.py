"""The database commits, and its answer is lost: what is carried out again happens once."""

from contextlib import contextmanager

import freezegun
import peewee

from actors.persistence import PersistenceActor
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from moca.core.content.content import Content
from moca.core.conversation.disclosure import say
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import RecordSteps, ReplyQueued
from moca.core.policy import ConversationPolicy
from moca.core.types import Stage, Step
from moca.storage.db.tables import Message
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, steps
from tests.support.factory import ANNA, NOON, at

DISCLOSES = ConversationPolicy(disclosure="I am a bot.")


class LosesAnswers(Writer):
    """Commits, and hears nothing of it, as where the connection is cut in that moment."""

    lost = 0

    @contextmanager
    def _transaction(self):
        with super()._transaction():
            yield
        if self.lost:
            self.lost -= 1
            self._database.close()
            raise peewee.OperationalError("server closed the connection unexpectedly")


def test_an_away_text_a_disclosure_and_steps_are_written_once(desk, database):
    with freezegun.freeze_time(NOON) as frozen:
        desk.hear("m1")
        writer, told = LosesAnswers(database, POLICY), []
        dispatcher, timers = SteppingDispatcher(), ManualTimers()
        actor = PersistenceActor.start_on(
            dispatcher, open_writer=lambda: writer, notify=told.append, timers=timers
        )
        writer.lost = 2
        state = Conversation(contact=ANNA, conversation_id=1, active_at=at(0))
        heart = Content(is_heart=True)
        commands = (
            *say(state, (), Content(text="We are away."), at(0), DISCLOSES, is_away_text=True),
            *say(state, (1,), heart, at(0), DISCLOSES),
            RecordSteps((Step(1, at(0), Stage.HOURS, "waiting"),)),
        )
        for command in commands:
            actor.tell(command)
        for second in range(5):
            frozen.move_to(at(second))
            timers.advance_to(at(second))
            while dispatcher.step():
                pass

        texts = [row.text for row in Message.select().order_by(Message.id)]
        assert texts == ["hello", "I am a bot.\n\nWe are away.", "I am a bot.", ""]
        assert steps(1).count("hours/waiting") == 1
        assert {each.reply.item_id for each in told if isinstance(each, ReplyQueued)} == {1, 2}
        actor.stop()
