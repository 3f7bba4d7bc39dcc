"""Handing a conversation to a teammate: the whole system on a frozen clock."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.background.jobs import BackgroundConfig
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.notifications import NotificationKind
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
from tests.support.system import SteppedSystem


def test_a_word_hands_the_conversation_to_a_person(
    open_system: Callable[..., SteppedSystem],
) -> None:
    post = FakePost()
    system = open_system(conversation=POLICY, background=BackgroundConfig(post=post))
    mid = system.receive("let me talk to a human")
    system.advance(10)
    later = system.receive("are you there?")
    system.advance(60)

    assert said(system) == ["A person will answer."]
    assert system.outcome(mid) == ("answered", "answered by ig-1")
    assert system.outcome(later) == ("suppressed", "a teammate has taken over")
    (notification,) = post.taken
    told = (
        notification.kind,
        notification.because,
        notification.psid,
        notification.conversation_id,
        notification.created_at,
    )
    assert told == (
        NotificationKind.HANDED_OVER,
        "the contact asked for a person",
        ANNA.psid,
        1,
        at(5),
    )


def test_after_the_takeover_the_bot_answers_again(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY)
    system.receive("human")
    system.advance(10)
    leap(system, 13)
    system.receive("hi")
    system.advance(60)
    assert said(system) == ["A person will answer.", MOCK]


@pytest.mark.parametrize(
    ("words", "expected"),
    [(Content(text="I ask a colleague."), "I ask a colleague."), (None, "A person will answer.")],
)
def test_a_generator_hands_over_with_its_words_or_the_usual_ones(
    open_system: Callable[..., SteppedSystem], words: Content | None, expected: str
) -> None:
    system = open_system(generator=Answers(HandOver("model: unsure", words)), conversation=POLICY)
    mid = system.receive("may I sue you?")
    system.advance(10)
    assert said(system) == [expected]
    assert stages(system, mid, "generation") == [("handed over", "model: unsure")]
    assert stages(system, mid, "state") == [("handed over", "model: unsure")]


def test_without_words_a_hand_over_ends_the_message(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(generator=Answers(HandOver("the rule 'lawyer'")))
    mid = system.receive("may I sue you?")
    system.advance(10)
    assert said(system) == []
    assert system.outcome(mid) == ("suppressed", "handed over to the team: the rule 'lawyer'")


def test_a_hand_over_ends_the_replies_that_were_still_to_go(
    open_system: Callable[..., SteppedSystem],
) -> None:
    generator = Answers(Content(text="ten"), Content(text="red"), HandOver("unsure"))
    system = open_system(generator=generator, conversation=POLICY)
    mids = [system.receive(text) for text in ("price?", "colour?", "legal?")]
    system.advance(120)
    assert said(system) == ["A person will answer."]
    assert [system.outcome(mid)[0] for mid in mids] == ["suppressed", "suppressed", "answered"]


def test_the_last_words_do_not_go_once_a_person_has_written(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(
        conversation=POLICY, sender=SenderPolicy(user_cooldown=timedelta(seconds=60))
    )
    system.receive("hi")
    system.advance(10)
    mid = system.receive("a human please")
    system.advance(30)
    system.receive_echo("Hello, here is Eve.", "by-hand")
    system.advance(120)
    assert said(system) == [MOCK]
    assert system.outcome(mid) == ("suppressed", "a teammate replied in the Instagram app")


def test_a_notice_that_is_not_taken_is_sent_again(
    open_system: Callable[..., SteppedSystem],
) -> None:
    post = FakePost(*["status 500"] * 3)
    system = open_system(conversation=POLICY, background=BackgroundConfig(post=post))
    system.receive("human")
    system.advance(120)
    assert (len(post.tried), len(post.taken)) == (4, 1)


def test_a_notice_that_nobody_takes_is_given_up_in_the_end(
    open_system: Callable[..., SteppedSystem],
) -> None:
    post = FakePost(*["status 500"] * 100)
    system = open_system(conversation=POLICY, background=BackgroundConfig(post=post))
    system.receive("human")
    system.advance(10)
    for _ in range(40):
        leap(system, 1 / 12)
    assert (len(post.tried), post.taken) == (24, [])


def test_a_person_who_answers_in_the_app_is_told_of_once(
    open_system: Callable[..., SteppedSystem],
) -> None:
    post = FakePost()
    system = open_system(background=BackgroundConfig(post=post))
    system.receive("hi")
    system.receive_echo("Hello!", "by-hand-1")
    system.receive_echo("How are you?", "by-hand-2")
    assert [notification.kind for notification in post.taken] == [NotificationKind.TAKEN_OVER]


@pytest.mark.parametrize(
    ("text", "replies", "expected"),
    [
        ("STOP", (), "You are out."),
        ("hi", (HandOver("unsure", Content(text="Wait.")),), "Wait."),
    ],
)
def test_a_crash_between_any_two_steps_costs_no_last_word_and_brings_no_second(
    tmp_path: Path,
    frozen: FrozenDateTimeFactory,
    text: str,
    replies: tuple[HandOver, ...],
    expected: str,
) -> None:
    policy = replace(DISCLOSING, disclosure="A bot speaks.")
    for dies_after in itertools.count(1):
        path = tmp_path / str(dies_after)
        path.mkdir()
        frozen.move_to(NOON)
        post = FakePost()
        background = BackgroundConfig(post=post)
        generator = Answers(*replies) if replies else None
        system = SteppedSystem(
            path,
            frozen,
            conversation=policy,
            consent=CONSENT,
            generator=generator,
            background=background,
        )
        mortal = Mortal(system, dies_after)
        message = InboundMessage(contact=ANNA, mid="m1", text=text, sent_at=at(0))
        receipt = system.post(message)
        mortal.lives_until(1)
        if not receipt.done():
            system.receive_events(message)
        mortal.lives_until(25)
        later = system.receive("anybody?", mid="m2")
        system.advance(36)

        told = (dies_after, said(system), system.outcome("m1")[0], system.outcome(later)[0])
        words = f"A bot speaks.\n\n{expected}"
        assert told == (dies_after, [words], "answered", "suppressed")
        if text != "STOP":
            assert {notification.id for notification in post.taken} == {1}
        system.stop()
        if mortal.steps < dies_after:
            break
    assert dies_after > 10
