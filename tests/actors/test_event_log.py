import logging
from collections.abc import MutableMapping
from typing import Any

import pytest
import structlog

from actors.event_log import log_arrivals, log_fact
from moca.core.messages.delivery import ReplySent
from moca.core.messages.inbound import MessageArrived, MessageEdited, MessageErased
from moca.core.messages.replies import MessagesEnded, ReplyQueued
from moca.core.types import Outcome
from moca.logs import contact_hash, hash_names_with
from tests.support.factory import ANNA, BEN, at, reply_to, said

SECRET = "my address is 5 Mill Lane"


def logged(*events: object, level: int = logging.INFO) -> list[MutableMapping[str, Any]]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))
    with structlog.testing.capture_logs() as lines:
        for event in events:
            log_fact(event)
    structlog.reset_defaults()
    return lines


def test_each_fact_is_one_line_that_names_the_message_and_nobody() -> None:
    lines = logged(
        MessageEdited(ANNA, 1, 7, SECRET),
        MessageErased(ANNA, 1, 7),
        ReplyQueued(ANNA, reply_to(item_id=3), (7,)),
        ReplySent(ANNA, 3, at(6)),
        ReplySent(ANNA, 3, at(6), is_repeated=True),
        MessagesEnded((7,), Outcome.ANSWERED, "answered by r1"),
    )
    who = contact_hash(ANNA)
    assert [
        {key: value for key, value in line.items() if key != "log_level"} for line in lines
    ] == [
        {"event": "message_edited", "contact": who, "message": 7},
        {"event": "message_unsent", "contact": who, "message": 7},
        {"event": "reply_queued", "contact": who, "message": 103, "answers": (7,)},
        {"event": "reply_sent", "contact": who, "item": 3},
        {"event": "messages_ended", "messages": (7,), "outcome": Outcome.ANSWERED},
    ]
    assert SECRET not in str(lines)
    assert ANNA.psid not in str(lines)


def test_arrivals_are_counted_in_one_line_for_each_commit() -> None:
    arrivals = [MessageArrived(ANNA, 1, said(number, SECRET)) for number in (7, 8)]
    with structlog.testing.capture_logs() as lines:
        log_arrivals([*arrivals, ReplySent(ANNA, 3, at(6))])
        log_arrivals([ReplySent(ANNA, 3, at(6))])
    assert lines == [{"event": "messages_arrived", "messages": 2, "log_level": "info"}]


def test_a_single_arrival_with_instagram_s_id_is_a_line_for_debugging_alone() -> None:
    arrived = MessageArrived(ANNA, 1, said(7, SECRET))
    (line,) = logged(arrived, level=logging.DEBUG)
    assert line == {
        "event": "message_arrived",
        "contact": contact_hash(ANNA),
        "message": 7,
        "mid": "m7",
        "type": "text",
        "log_level": "debug",
    }
    assert logged(arrived) == []


def test_why_a_message_ended_otherwise_is_told() -> None:
    (line,) = logged(MessagesEnded((7,), Outcome.SUPPRESSED, "the conversation is closed"))
    assert line["because"] == "the conversation is closed"


def test_without_the_key_a_hash_fits_no_known_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moca.logs._hash_key", b"")
    hash_names_with(b"one")
    with_one = contact_hash(ANNA)
    hash_names_with(b"another")
    assert contact_hash(ANNA) != with_one
    hash_names_with(b"one")
    assert contact_hash(ANNA) == with_one


def test_a_contact_has_one_hash_and_nobody_else_has_it() -> None:
    assert contact_hash(ANNA) == contact_hash(ANNA)
    assert contact_hash(ANNA) != contact_hash(BEN)
