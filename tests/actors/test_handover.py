"""A conversation that is given to a person: the whole system on a frozen clock."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.background.jobs import Keeping
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.notifications import NoticeKind
from moca.core.policy import SenderPolicy
from moca.replies.generator import HandOver
from tests.actors.crashing_system import Mortal
from tests.actors.scenarios import (
    CONSENT,
    DISCLOSING,
    MOCK,
    POLICY,
    Answers,
    FakePost,
    leap,
    said,
    stages,
)
from tests.support.factory import ANNA, NOON, at
from tests.support.system import House


def test_a_word_hands_the_conversation_to_a_person(open_house) -> None:
    post = FakePost()
    house = open_house(conversation=POLICY, keeping=Keeping(post=post))
    mid = house.hears("let me talk to a human")
    house.passes(10)
    later = house.hears("are you there?")
    house.passes(60)

    assert said(house) == ["A person will answer."]
    assert house.outcome(mid) == ("answered", "answered by ig-1")
    assert house.outcome(later) == ("suppressed", "a teammate has taken over")
    (notice,) = post.taken
    told = (notice.kind, notice.because, notice.psid, notice.conversation_id, notice.created_at)
    assert told == (
        NoticeKind.HANDED_OVER,
        "the contact asked for a person",
        ANNA.psid,
        1,
        at(5),
    )


def test_after_the_takeover_the_bot_answers_again(open_house) -> None:
    house = open_house(conversation=POLICY)
    house.hears("human")
    house.passes(10)
    leap(house, 13)
    house.hears("hi")
    house.passes(60)
    assert said(house) == ["A person will answer.", MOCK]


@pytest.mark.parametrize(
    ("words", "expected"),
    [(Content(text="I ask a colleague."), "I ask a colleague."), (None, "A person will answer.")],
)
def test_a_generator_hands_over_with_its_words_or_the_usual_ones(
    open_house, words, expected
) -> None:
    house = open_house(generator=Answers(HandOver("model: unsure", words)), conversation=POLICY)
    mid = house.hears("may I sue you?")
    house.passes(10)
    assert said(house) == [expected]
    assert stages(house, mid, "generation") == [("handed over", "model: unsure")]
    assert stages(house, mid, "state") == [("handed over", "model: unsure")]


def test_without_words_a_hand_over_ends_the_message(open_house) -> None:
    house = open_house(generator=Answers(HandOver("the rule 'lawyer'")))
    mid = house.hears("may I sue you?")
    house.passes(10)
    assert said(house) == []
    assert house.outcome(mid) == ("suppressed", "handed over to a person: the rule 'lawyer'")


def test_a_hand_over_ends_the_replies_that_were_still_to_go(open_house) -> None:
    generator = Answers(Content(text="ten"), Content(text="red"), HandOver("unsure"))
    house = open_house(generator=generator, conversation=POLICY)
    mids = [house.hears(text) for text in ("price?", "colour?", "legal?")]
    house.passes(120)
    assert said(house) == ["A person will answer."]
    assert [house.outcome(mid)[0] for mid in mids] == ["suppressed", "suppressed", "answered"]


def test_the_last_words_do_not_go_once_a_person_has_written(open_house) -> None:
    house = open_house(
        conversation=POLICY, sender=SenderPolicy(user_cooldown=timedelta(seconds=60))
    )
    house.hears("hi")
    house.passes(10)
    mid = house.hears("a human please")
    house.passes(30)
    house.hears_echo("Hello, here is Eve.", "by-hand")
    house.passes(120)
    assert said(house) == [MOCK]
    assert house.outcome(mid) == ("suppressed", "a person answered in the Instagram app")


def test_a_notice_that_is_not_taken_is_sent_again(open_house) -> None:
    post = FakePost(*["status 500"] * 3)
    house = open_house(conversation=POLICY, keeping=Keeping(post=post))
    house.hears("human")
    house.passes(120)
    assert (len(post.tried), len(post.taken)) == (4, 1)


def test_a_notice_that_nobody_takes_is_given_up_in_the_end(open_house) -> None:
    post = FakePost(*["status 500"] * 100)
    house = open_house(conversation=POLICY, keeping=Keeping(post=post))
    house.hears("human")
    house.passes(10)
    for _ in range(40):
        leap(house, 1 / 12)
    assert (len(post.tried), post.taken) == (24, [])


def test_a_person_who_answers_in_the_app_is_told_of_once(open_house) -> None:
    post = FakePost()
    house = open_house(keeping=Keeping(post=post))
    house.hears("hi")
    house.hears_echo("Hello!", "by-hand-1")
    house.hears_echo("How are you?", "by-hand-2")
    assert [notice.kind for notice in post.taken] == [NoticeKind.TAKEN_OVER]


@pytest.mark.parametrize(
    ("text", "replies", "expected"),
    [
        ("STOP", (), "You are out."),
        ("hi", (HandOver("unsure", Content(text="Wait.")),), "Wait."),
    ],
)
def test_a_crash_between_any_two_steps_costs_no_last_word_and_brings_no_second(
    tmp_path, frozen, text, replies, expected
) -> None:
    policy = replace(DISCLOSING, disclosure="A bot speaks.")
    for dies_after in itertools.count(1):
        path = tmp_path / str(dies_after)
        path.mkdir()
        frozen.move_to(NOON)
        post = FakePost()
        keeping = Keeping(post=post)
        generator = Answers(*replies) if replies else None
        house = House(
            path,
            frozen,
            conversation=policy,
            consent=CONSENT,
            generator=generator,
            keeping=keeping,
        )
        mortal = Mortal(house, dies_after)
        message = InboundMessage(contact=ANNA, mid="m1", text=text, sent_at=at(0))
        receipt = house.posts(message)
        mortal.lives_until(1)
        if not receipt.done():
            house.receives(message)
        mortal.lives_until(25)
        later = house.hears("anybody?", mid="m2")
        house.passes(36)

        told = (dies_after, said(house), house.outcome("m1")[0], house.outcome(later)[0])
        words = f"A bot speaks.\n\n{expected}"
        assert told == (dies_after, [words], "answered", "suppressed")
        if text != "STOP":
            assert {notice.id for notice in post.taken} == {1}
        house.stop()
        if mortal.steps < dies_after:
            break
    assert dies_after > 10
