from datetime import timedelta

import pytest

from moca.core.conversation.hold import Hold, hold_after_reply
from moca.core.types import ConversationStatus
from tests.support.factory import at

OPEN, HUMAN = ConversationStatus.OPEN, ConversationStatus.HUMAN
PAUSED, STANDBY = ConversationStatus.PAUSED, ConversationStatus.STANDBY
TAKEOVER = timedelta(seconds=60)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Hold(OPEN, None), Hold(HUMAN, at(70))),
        (Hold(HUMAN, at(20)), Hold(HUMAN, at(70))),
        (Hold(HUMAN, at(600)), Hold(HUMAN, at(600))),
        (Hold(HUMAN, at(10)), Hold(HUMAN, at(70))),
        (Hold(HUMAN, None), Hold(HUMAN, None)),
        (Hold(PAUSED, at(20)), Hold(HUMAN, at(70))),
        (Hold(PAUSED, None), Hold(PAUSED, None)),
        (Hold(STANDBY, at(600)), Hold(STANDBY, at(600))),
        (Hold(STANDBY, at(5)), Hold(HUMAN, at(70))),
    ],
)
def test_a_teammates_reply_never_shortens_a_hold(before: Hold, after: Hold) -> None:
    assert hold_after_reply(before, at(10), TAKEOVER) == after
