"""Opting out, and disclosing the bot: the whole system on a frozen clock."""

from collections.abc import Callable

import pytest

from moca.core.content.content import Content, Media
from moca.core.conversation.consent import OPTED_OUT
from moca.core.types import ConversationStatus
from moca.replies.generator import GeneratedReply, NoReply
from tests.actors.scenarios import (
    CONSENT,
    DISCLOSING,
    DISCLOSURE,
    MOCK,
    POLICY,
    Answers,
    by_operator,
    change,
    leap,
    said,
    stages,
)
from tests.support.events import edited
from tests.support.factory import at
from tests.support.system import SteppedSystem


def test_a_journey_tells_who_made_the_reply(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(
        generator=Answers(GeneratedReply(Content(text="ten"), "rules: the rule 'price'"))
    )
    mid = system.receive("price?")
    system.advance(10)
    assert said(system) == ["ten"]
    assert stages(system, mid, "generation") == [("generated", "rules: the rule 'price'")]


def test_a_generator_that_has_nothing_to_say_ends_the_message(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(generator=Answers(NoReply("no rule matches"), Content(text="hello")))
    mid = system.receive("hm")
    system.advance(60)
    assert system.outcome(mid) == ("suppressed", "no reply needed: no rule matches")
    assert stages(system, mid, "generation") == [("declined", "no rule matches")]

    system.receive("hi")
    system.advance(60)
    assert said(system) == ["hello"]


def test_a_generator_is_told_name_time_and_what_was_said(
    open_system: Callable[..., SteppedSystem],
) -> None:
    generator = Answers(Content(text="hello"), needs_history=3)
    system = open_system(generator=generator)
    system.receive("one")
    system.advance(60)
    system.receive("two")
    system.advance(60)
    system.receive("three")
    system.advance(60)

    first, _, third = generator.asked
    assert (first.now, first.history) == (at(5), ())
    assert third.contact_name == "Person 975"
    assert [(each.role, each.text) for each in third.history] == [
        ("assistant", "hello"),
        ("user", "two"),
        ("assistant", "hello"),
    ]


def test_who_needs_neither_name_nor_history_costs_no_look(
    open_system: Callable[..., SteppedSystem],
) -> None:
    generator = Answers(Content(text="hello"))
    generator.needs_name = False
    system = open_system(generator=generator)
    system.receive("hi")
    system.advance(10)
    assert generator.asked[0].contact_name is None


def test_who_opts_out_is_told_so_once_and_hears_nothing_more(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY, consent=CONSENT)
    asked = system.receive("how much?")
    system.advance(1)
    stop = system.receive("stop!")
    system.advance(60)
    later = system.receive("hello?")
    again = system.receive("STOP")
    system.advance(60)

    assert said(system) == ["You are out."]
    assert system.outcome(stop) == ("answered", "answered by ig-1")
    assert [system.outcome(mid) for mid in (asked, later, again)] == [("suppressed", OPTED_OUT)] * 3
    assert stages(system, stop, "state") == [("opted out", "")]


def test_opting_out_cancels_what_was_about_to_go(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(conversation=POLICY, consent=CONSENT)
    asked = [system.receive(text) for text in ("one", "two", "three")]
    system.advance(6)
    assert said(system) == [MOCK]
    system.receive("STOP")
    system.advance(60)

    assert said(system) == [MOCK, "You are out."]
    assert [system.outcome(mid)[0] for mid in asked] == ["answered", "suppressed", "suppressed"]


def test_who_opts_in_again_is_answered_again(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(conversation=POLICY, consent=CONSENT)
    system.receive("STOP")
    system.advance(60)
    system.receive("start")
    system.advance(60)
    system.receive("hi")
    system.advance(60)
    assert said(system) == ["You are out.", "You are in.", MOCK]


def test_without_texts_the_words_work_in_silence(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(consent=CONSENT)
    stop = system.receive("STOP")
    system.advance(60)
    start = system.receive("START")
    system.advance(60)
    assert system.outcome(stop) == ("suppressed", OPTED_OUT)
    assert system.outcome(start)[0] == "answered"
    assert said(system) == [MOCK]


def test_a_person_may_write_to_who_opted_out(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(conversation=POLICY, consent=CONSENT)
    system.receive("STOP")
    system.advance(60)
    by_operator(system, "a word from us")
    system.advance(10)
    assert said(system) == ["You are out.", "a word from us"]


def test_opting_out_counts_while_a_person_has_the_word_and_after_a_restart(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY, consent=CONSENT)
    system.receive("hi")
    system.advance(60)
    change(system, ConversationStatus.HUMAN)
    stop = system.receive("STOP")
    system.advance(60)
    assert system.outcome(stop) == ("suppressed", OPTED_OUT)

    system.crash()
    system.start()
    change(system, ConversationStatus.OPEN)
    system.receive("and now?")
    system.advance(60)
    assert said(system) == [MOCK]


def test_the_bot_says_that_it_is_one_at_first_after_a_gap_and_after_a_person(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=DISCLOSING)
    system.receive("one")
    system.receive("two")
    system.advance(60)
    disclosed = f"{DISCLOSURE}\n\n{MOCK}"
    assert said(system) == [disclosed, MOCK]

    leap(system, 24)
    system.receive("three")
    system.advance(60)
    assert said(system)[2:] == [disclosed]

    by_operator(system, "I can help as well.")
    system.advance(60)
    system.receive("four")
    system.advance(60)
    system.receive("five")
    system.advance(60)
    assert said(system)[3:] == ["I can help as well.", disclosed, MOCK]


@pytest.mark.parametrize("restarts", [False, True])
def test_after_a_takeover_the_bot_says_again_that_it_is_one(
    open_system: Callable[..., SteppedSystem], restarts: bool
) -> None:
    system = open_system(conversation=DISCLOSING)
    system.receive("a human please")
    system.advance(60)
    change(system, ConversationStatus.OPEN)
    if restarts:
        system.crash()
        system.start()
    system.receive("hi")
    system.advance(60)
    system.receive("and?")
    system.advance(60)
    assert said(system) == [
        f"{DISCLOSURE}\n\nA person will answer.",
        f"{DISCLOSURE}\n\n{MOCK}",
        MOCK,
    ]


def test_before_a_picture_the_disclosure_goes_by_itself(
    open_system: Callable[..., SteppedSystem],
) -> None:
    picture = Content(media=Media(type="image", url="https://example.org/a.png"))
    system = open_system(conversation=DISCLOSING, generator=Answers(picture))
    mid = system.receive("hi")
    system.advance(60)
    assert [call.content for call in system.instagram.reached] == [
        Content(text=DISCLOSURE),
        picture,
    ]
    assert system.outcome(mid) == ("answered", "answered by ig-2")


@pytest.mark.parametrize("after", [1, 4])
def test_a_message_edited_to_the_word_opts_out_too(
    open_system: Callable[..., SteppedSystem], after: int
) -> None:
    system = open_system(conversation=POLICY, consent=CONSENT)
    mid = system.receive("hm")
    system.receive("stop it", mid="m-edited")
    system.advance(after)
    system.receive_events(edited("m-edited", "Stop."))
    system.advance(60)
    system.receive("hi")
    system.advance(60)
    assert said(system) == ["You are out."]
    assert system.outcome("m-edited") == ("answered", "answered by ig-1")
    assert system.outcome(mid) == ("suppressed", OPTED_OUT)
