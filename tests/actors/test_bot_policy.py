"""Opting out, and saying that a bot speaks: the whole system on a frozen clock."""

import pytest

from moca.core.content.content import Content, Media
from moca.core.conversation.consent import OPTED_OUT
from moca.core.types import ConversationStatus
from moca.replies.generator import NoReply, Say
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


def test_a_journey_tells_who_made_the_reply(open_house) -> None:
    house = open_house(generator=Answers(Say(Content(text="ten"), "rules: the rule 'price'")))
    mid = house.hears("price?")
    house.passes(10)
    assert said(house) == ["ten"]
    assert stages(house, mid, "generation") == [("generated", "rules: the rule 'price'")]


def test_a_generator_that_has_nothing_to_say_ends_the_message(open_house) -> None:
    house = open_house(generator=Answers(NoReply("no rule fits"), Content(text="hello")))
    mid = house.hears("hm")
    house.passes(60)
    assert house.outcome(mid) == ("suppressed", "no reply is wanted: no rule fits")
    assert stages(house, mid, "generation") == [("declined", "no rule fits")]

    house.hears("hi")
    house.passes(60)
    assert said(house) == ["hello"]


def test_a_generator_is_told_name_time_and_what_was_said(open_house) -> None:
    generator = Answers(Content(text="hello"), needs_history=3)
    house = open_house(generator=generator)
    house.hears("one")
    house.passes(60)
    house.hears("two")
    house.passes(60)
    house.hears("three")
    house.passes(60)

    first, _, third = generator.asked
    assert (first.now, first.history) == (at(5), ())
    assert third.contact_name == "Person 975"
    assert [(each.role, each.text) for each in third.history] == [
        ("assistant", "hello"),
        ("user", "two"),
        ("assistant", "hello"),
    ]


def test_who_needs_neither_name_nor_history_costs_no_look(open_house) -> None:
    generator = Answers(Content(text="hello"))
    generator.needs_name = False
    house = open_house(generator=generator)
    house.hears("hi")
    house.passes(10)
    assert generator.asked[0].contact_name is None


def test_who_opts_out_is_told_so_once_and_hears_nothing_more(open_house) -> None:
    house = open_house(conversation=POLICY, consent=CONSENT)
    asked = house.hears("how much?")
    house.passes(1)
    stop = house.hears("stop!")
    house.passes(60)
    later = house.hears("hello?")
    again = house.hears("STOP")
    house.passes(60)

    assert said(house) == ["You are out."]
    assert house.outcome(stop) == ("answered", "answered by ig-1")
    assert [house.outcome(mid) for mid in (asked, later, again)] == [("suppressed", OPTED_OUT)] * 3
    assert stages(house, stop, "state") == [("opted out", "")]


def test_opting_out_cancels_what_was_about_to_go(open_house) -> None:
    house = open_house(conversation=POLICY, consent=CONSENT)
    asked = [house.hears(text) for text in ("one", "two", "three")]
    house.passes(6)
    assert said(house) == [MOCK]
    house.hears("STOP")
    house.passes(60)

    assert said(house) == [MOCK, "You are out."]
    assert [house.outcome(mid)[0] for mid in asked] == ["answered", "suppressed", "suppressed"]


def test_who_opts_in_again_is_answered_again(open_house) -> None:
    house = open_house(conversation=POLICY, consent=CONSENT)
    house.hears("STOP")
    house.passes(60)
    house.hears("start")
    house.passes(60)
    house.hears("hi")
    house.passes(60)
    assert said(house) == ["You are out.", "You are in.", MOCK]


def test_without_texts_the_words_work_in_silence(open_house) -> None:
    house = open_house(consent=CONSENT)
    stop = house.hears("STOP")
    house.passes(60)
    start = house.hears("START")
    house.passes(60)
    assert house.outcome(stop) == ("suppressed", OPTED_OUT)
    assert house.outcome(start)[0] == "answered"
    assert said(house) == [MOCK]


def test_a_person_may_write_to_who_opted_out(open_house) -> None:
    house = open_house(conversation=POLICY, consent=CONSENT)
    house.hears("STOP")
    house.passes(60)
    by_operator(house, "a word from us")
    house.passes(10)
    assert said(house) == ["You are out.", "a word from us"]


def test_opting_out_counts_while_a_person_has_the_word_and_after_a_restart(open_house) -> None:
    house = open_house(conversation=POLICY, consent=CONSENT)
    house.hears("hi")
    house.passes(60)
    change(house, ConversationStatus.HUMAN)
    stop = house.hears("STOP")
    house.passes(60)
    assert house.outcome(stop) == ("suppressed", OPTED_OUT)

    house.crash()
    house.start()
    change(house, ConversationStatus.OPEN)
    house.hears("and now?")
    house.passes(60)
    assert said(house) == [MOCK]


def test_the_bot_says_that_it_is_one_at_first_after_a_gap_and_after_a_person(open_house) -> None:
    house = open_house(conversation=DISCLOSING)
    house.hears("one")
    house.hears("two")
    house.passes(60)
    disclosed = f"{DISCLOSURE}\n\n{MOCK}"
    assert said(house) == [disclosed, MOCK]

    leap(house, 24)
    house.hears("three")
    house.passes(60)
    assert said(house)[2:] == [disclosed]

    by_operator(house, "I can help as well.")
    house.passes(60)
    house.hears("four")
    house.passes(60)
    house.hears("five")
    house.passes(60)
    assert said(house)[3:] == ["I can help as well.", disclosed, MOCK]


@pytest.mark.parametrize("restarts", [False, True])
def test_after_a_takeover_the_bot_says_again_that_it_is_one(open_house, restarts) -> None:
    house = open_house(conversation=DISCLOSING)
    house.hears("a human please")
    house.passes(60)
    change(house, ConversationStatus.OPEN)
    if restarts:
        house.crash()
        house.start()
    house.hears("hi")
    house.passes(60)
    house.hears("and?")
    house.passes(60)
    assert said(house) == [
        f"{DISCLOSURE}\n\nA person will answer.",
        f"{DISCLOSURE}\n\n{MOCK}",
        MOCK,
    ]


def test_before_a_picture_the_disclosure_goes_by_itself(open_house) -> None:
    picture = Content(media=Media(type="image", url="https://example.org/a.png"))
    house = open_house(conversation=DISCLOSING, generator=Answers(picture))
    mid = house.hears("hi")
    house.passes(60)
    assert [call.content for call in house.instagram.reached] == [Content(text=DISCLOSURE), picture]
    assert house.outcome(mid) == ("answered", "answered by ig-2")


@pytest.mark.parametrize("after", [1, 4])
def test_a_message_edited_to_the_word_opts_out_too(open_house, after) -> None:
    house = open_house(conversation=POLICY, consent=CONSENT)
    mid = house.hears("hm")
    house.hears("stop it", mid="m-edited")
    house.passes(after)
    house.receives(edited("m-edited", "Stop."))
    house.passes(60)
    house.hears("hi")
    house.passes(60)
    assert said(house) == ["You are out."]
    assert house.outcome("m-edited") == ("answered", "answered by ig-1")
    assert house.outcome(mid) == ("suppressed", OPTED_OUT)
