"""Logic reads a reason's code, people its text; rows of before 0.2.0 hold the text alone."""

import pickle

import pytest

from moca.core.reasons import Because, Reason, because_held, because_stopped, code_of, stored_reason
from moca.core.types import ConversationStatus

FORMER = {
    "a person answered in the Instagram app": Reason.TEAMMATE_REPLIED_IN_APP,
    "a person has taken over": Reason.IS_TAKEN_OVER,
    "a person took over the conversation": Reason.WAS_TAKEN_OVER,
    "a teammate has taken over": Reason.IS_TAKEN_OVER,
    "a teammate replied from Moca": Reason.TEAMMATE_REPLIED,
    "another app holds the thread": Reason.IN_STANDBY,
    "another app holds this thread": Reason.IN_STANDBY,
    "handed over to a person: the contact asked for a person": Reason.ASKED_FOR_PERSON,
    "handed over to a person: the model asks for a person: angry": Reason.HANDED_OVER,
    "Meta's dashboard test is stored, never answered": Reason.DASHBOARD_TEST,
    "no reply could be made: timed out": Reason.NO_REPLY_MADE,
    "no reply is wanted: no rule fits": Reason.NO_REPLY_WANTED,
    "outside business hours, open again Mon 23 Nov 09:00 UTC": Reason.OUTSIDE_HOURS,
    "same text 3.0 s earlier, within 10.0 s": Reason.DUPLICATE,
    "the 24 h window is shut": Reason.WINDOW_CLOSED,
    "the 24 h window shut before it could be answered": Reason.WINDOW_CLOSED,
    "the contact asked for a person": Reason.ASKED_FOR_PERSON,
    "the contact opted out of automatic messages": Reason.OPTED_OUT,
    "the conversation is closed": Reason.IS_CLOSED,
    "the conversation is human": Reason.IS_TAKEN_OVER,
    "the conversation is paused": Reason.IS_PAUSED,
    "the conversation is standby": Reason.IN_STANDBY,
    "the conversation was closed": Reason.WAS_CLOSED,
    "the conversation was paused": Reason.WAS_PAUSED,
    "the operator cancelled the reply": Reason.CANCELLED,
    "unsent by its writer": Reason.UNSENT,
    "what it answers was edited before it was sent": Reason.RECALLED,
    "60 replies to one contact within an hour are enough": Reason.HOURLY_LIMIT,
    "answered by r1": None,
    "": None,
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_text_and_keeps_its_code(reason: Reason) -> None:
    because = Because(reason)

    assert code_of(because) is reason
    assert because.strip() == str(because) != ""
    assert code_of(pickle.loads(pickle.dumps(because))) is reason


def test_a_text_may_have_figures_and_is_equal_to_a_plain_one() -> None:
    because = Because(Reason.OUTSIDE_HOURS, "outside business hours until nine")

    assert (because, code_of(because)) == ("outside business hours until nine", "outside_hours")
    assert code_of("outside business hours until nine") is None


@pytest.mark.parametrize(("text", "reason"), FORMER.items())
def test_a_row_without_a_code_is_read_by_its_text(text: str, reason: Reason | None) -> None:
    assert stored_reason(None, text) is reason


def test_a_code_counts_whatever_the_text_says() -> None:
    assert stored_reason("unsent", "the conversation was closed") is Reason.UNSENT


@pytest.mark.parametrize("status", tuple(ConversationStatus)[1:])
def test_every_hold_has_a_reason_for_what_comes_and_for_what_waited(
    status: ConversationStatus,
) -> None:
    assert code_of(because_held(status)) is not None
    assert code_of(because_stopped(status)) is not None


def test_what_waited_while_the_bot_was_held_is_not_told_as_stopped() -> None:
    assert because_stopped("paused", ConversationStatus.OPEN).reason is Reason.WAS_PAUSED
    assert because_stopped("paused", ConversationStatus.HUMAN).reason is Reason.IS_TAKEN_OVER
    assert because_stopped("closed", ConversationStatus.PAUSED).reason is Reason.IS_PAUSED
