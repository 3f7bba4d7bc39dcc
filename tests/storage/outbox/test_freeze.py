from concurrent.futures import Future

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.delivery import ClaimReply, FindPending, PendingFound, ReplyClaimed
from moca.core.messages.operator_actions import EditReply, FreezeChanged, FreezeQueue, ReleaseQueue
from moca.storage.queries.queue import frozen_since
from moca.storage.queries.queue_forecast import first_waiting
from tests.storage.desk import Desk, details, steps
from tests.support.factory import ANNA, at
from tests.support.values import only


def is_frozen(desk: Desk) -> bool:
    """Return the freeze as the sender reads it at its start."""
    found = only(desk.do(FindPending(10, at(0), at(60))), PendingFound)
    return found.is_frozen


def test_a_freeze_is_written_told_and_found_until_it_is_released(desk: Desk) -> None:
    assert (is_frozen(desk), frozen_since()) == (False, None)

    assert desk.do(FreezeQueue(at(1))) == (FreezeChanged(is_frozen=True),)
    assert (is_frozen(desk), frozen_since()) == (True, at(1))
    assert desk.do(ReleaseQueue(at(2))) == (FreezeChanged(is_frozen=False),)
    assert (is_frozen(desk), frozen_since()) == (False, None)


def test_a_second_freeze_changes_nothing(desk: Desk) -> None:
    commands = [
        ReleaseQueue(at(0), receipt=Future()),
        FreezeQueue(at(1), receipt=Future()),
        FreezeQueue(at(2), receipt=Future()),
        ReleaseQueue(at(3), receipt=Future()),
    ]
    assert desk.answers(*commands) == [
        Conflict("sending is not paused"),
        Done(),
        Conflict("sending is already paused"),
        Done(),
    ]


def test_a_pending_reply_is_claimed_as_edited(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    assert desk.answers(EditReply(reply.item_id, "By hand.", at(5), receipt=Future())) == [Done()]

    assert desk.claim(reply).content.text == "By hand."
    assert "queue/edited" in steps(reply.message_id)
    assert "by a teammate" in details(reply.message_id)
    late = EditReply(reply.item_id, "Too late.", at(7), receipt=Future())
    assert desk.answers(late) == [Conflict("the reply is sending")]
    assert desk.answers(EditReply(99, "Nobody.", at(7), receipt=Future())) == [NotFound()]


def test_what_waits_is_looked_at_with_the_end_of_its_window(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    (waiting,) = first_waiting(10)
    assert (waiting.item_id, waiting.contact) == (reply.item_id, ANNA)
    assert waiting.window_ends_at == at(24 * 3600)


def test_a_claim_while_sending_is_paused_is_preceded_by_the_news_of_it(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.do(FreezeQueue(at(10)))
    frozen, claimed = desk.do(ClaimReply(reply, at(11)))
    assert (frozen, type(claimed)) == (FreezeChanged(is_frozen=True), ReplyClaimed)
