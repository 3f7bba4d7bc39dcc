import structlog

from actors.factlog import log_fact
from moca.core.messages import (
    MessageArrived,
    MessageEdited,
    MessageErased,
    MessagesEnded,
    ReplyQueued,
    ReplySent,
)
from moca.core.vocabulary import Outcome
from moca.logs import contact_hash
from tests.making import ANNA, BEN, at, reply_to, said

SECRET = "my address is 5 Mill Lane"


def logged(*events) -> list[dict]:
    with structlog.testing.capture_logs() as lines:
        for event in events:
            log_fact(event)
    return lines


def test_each_fact_is_one_line_that_names_the_message_and_nobody() -> None:
    lines = logged(
        MessageArrived(ANNA, 1, said(7, SECRET)),
        MessageEdited(ANNA, 1, 7, SECRET),
        MessageErased(ANNA, 1, 7),
        ReplyQueued(ANNA, reply_to(item_id=3), (7,)),
        ReplySent(ANNA, 3, at(6)),
        MessagesEnded((7,), Outcome.ANSWERED, "answered by r1"),
    )
    who = contact_hash(ANNA)
    assert [
        {key: value for key, value in line.items() if key != "log_level"} for line in lines
    ] == [
        {"event": "message_arrived", "contact": who, "mid": "m7", "type": "text"},
        {"event": "message_edited", "contact": who, "message": 7},
        {"event": "message_unsent", "contact": who, "message": 7},
        {"event": "reply_queued", "contact": who, "message": 103, "answers": (7,)},
        {"event": "reply_sent", "contact": who, "item": 3},
        {
            "event": "messages_ended",
            "messages": (7,),
            "outcome": Outcome.ANSWERED,
            "because": "answered by r1",
        },
    ]
    assert SECRET not in str(lines)
    assert ANNA.psid not in str(lines)


def test_a_contact_has_one_hash_and_nobody_else_has_it() -> None:
    assert contact_hash(ANNA) == contact_hash(ANNA)
    assert contact_hash(ANNA) != contact_hash(BEN)
