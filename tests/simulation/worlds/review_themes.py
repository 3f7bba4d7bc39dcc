"""Worlds in which the bot is not trusted with everything yet."""

from random import Random

from tests.simulation.worlds.script import (
    ActorCrashes,
    ClockSteps,
    Dies,
    Edits,
    Generating,
    Happening,
    LosesCommits,
    LosesEvents,
    Operates,
    Sending,
    Unsends,
)
from tests.simulation.worlds.settings import WorldSettings
from tests.simulation.worlds.theme_parts import TEXTS, contacts, message

_DELAY = ("hours", "delay", 20)
_DRAFT = ("prices", "draft", 0)
MODES = (
    (_DRAFT,),
    (_DELAY,),
    (_DRAFT, _DELAY),
    (_DRAFT, ("other", "auto", 0), _DELAY),
    (_DRAFT, _DRAFT, ("refunds", "off", 0)),
)
"""How far the bot is trusted, topic by topic."""
_ACTS = (*("approve",) * 4, "amend", "amend", "discard", "discard", "write", "answer", "pause")
_MORE_ACTS = ("resume", "close", "reopen", "retry", "cancel", "freeze", "release")


def reviewed(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Replies are held, approved, edited, discarded, overtaken and forgotten, amid faults."""
    settings = WorldSettings(
        debounce=chance.choice((0.5, 5)),
        cooldown=8,
        idle=chance.choice((60, 5)),
        combined=chance.random() < 0.3,
        user_cooldown=2,
        sweep=chance.choice((5, 15)),
        takeover=chance.choice((43_200, 20)),
        window=chance.choice((86_400, 86_400, 60)),
        step_cost=chance.choice((0, 0.002, 0.02)),
        modes=chance.choice(MODES),
        discloses=chance.random() < 0.1,
    )
    people = contacts(chance.choice((1, 2, 4)))
    happenings: list[Happening] = []
    for each in people:
        at = chance.uniform(0, 10)
        for _ in range(chance.choice((1, 2, 4))):
            number = len(happenings) + 1
            happenings.append(message(each, number, at, chance.choice(TEXTS)))
            at += chance.choice((0.5, 3, 9, 20, 45))
    revisions = [_revised(chance, each) for each in happenings if chance.random() < 0.2]
    acts = [
        Operates(
            at=round(chance.uniform(4, 80), 3),
            contact=chance.choice(people),
            action=chance.choice((*_ACTS, *_MORE_ACTS)),
            text=f"by hand {number}",
        )
        for number in range(chance.choice((2, 6, 12)))
    ]
    return settings, [*happenings, *revisions, *acts, *_forms(chance), *_faults(chance)]


def _revised(chance: Random, wrote: Happening) -> Happening:
    at = round(wrote.at + chance.choice((0.3, 5.2, 8, 25)), 3)
    if chance.random() < 0.5:
        return Unsends(at=at, contact=wrote.contact, mid=wrote.mid)
    return Edits(at=at, contact=wrote.contact, mid=wrote.mid, text="edited")


def _forms(chance: Random) -> list[Happening]:
    forms = ("plain", "plain", "long", "picture", "buttons")
    return [Generating(number=n, form=chance.choice(forms)) for n in range(1, 12)]


def _faults(chance: Random) -> list[Happening]:
    def at() -> float:
        return round(chance.uniform(3, 80), 3)

    actors = ("PersistenceActor", "SupervisorActor", "ConversationActor", "SenderActor")
    steps = (-600, -10, 10)
    drawn: list[Happening] = [
        *(
            Dies(at=at(), after_commit=chance.random() < 0.5)
            for _ in range(chance.choice((0, 0, 1, 3)))
        ),
        *(ActorCrashes(at=at(), actor=chance.choice(actors)) for _ in range(chance.choice((0, 1)))),
        *(LosesEvents(at=at(), seconds=3, one_in=2) for _ in range(chance.choice((0, 0, 1)))),
        *(LosesCommits(at=at()) for _ in range(chance.choice((0, 0, 1)))),
        *(
            ClockSteps(at=at(), seconds=chance.choice(steps))
            for _ in range(chance.choice((0, 0, 0, 1)))
        ),
        *(
            Sending(number=n, arrives=chance.choice((None, 0.1)), answer="unconfirmed")
            for n in range(1, 8)
            if chance.random() < 0.15
        ),
    ]
    return drawn
