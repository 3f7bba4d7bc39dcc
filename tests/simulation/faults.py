from random import Random

from tests.simulation.people import ACCOUNTS
from tests.simulation.script import (
    ClockSteps,
    Dies,
    DiskFails,
    Figures,
    Generating,
    Happening,
    Outage,
    Reading,
    Sending,
)


def draw_sendings(chance: Random, figures: Figures) -> list[Happening]:
    """Draw how calls go that go wrong."""
    often = chance.choice((0, 0.1, 0.3, 0.7))
    return [
        _draw_sending(chance, number, figures) for number in range(1, 40) if chance.random() < often
    ]


def draw_readings(chance: Random) -> list[Happening]:
    """Draw which readings of Instagram's record fail, or take long."""
    often = chance.choice((0, 0, 0.1, 0.5, 1))
    return [
        Reading(
            number=number,
            seconds=chance.choice((0.1, 0.5, 8)),
            is_unreadable=chance.random() < 0.8,
        )
        for number in range(1, 20)
        if chance.random() < often
    ]


def draw_generations(chance: Random, figures: Figures) -> list[Happening]:
    """Draw which replies are slow in the making, or fail."""
    often = chance.choice((0, 0, 0.2, 0.6))
    longest = figures.generation_timeout
    return [
        Generating(
            number=number,
            seconds=chance.choice((0, 0.3, 2, longest - 1, longest + 5)),
            ends=chance.choice(("made", "made", "failed", "broken")),
        )
        for number in range(1, 40)
        if chance.random() < often
    ]


def draw_deaths(chance: Random, length: float) -> list[Happening]:
    """Draw when the process dies."""
    return [
        Dies(
            at=round(chance.uniform(0, length + 30), 3),
            steps=chance.choice((0, 1, 2, 3, 5, 8, 13, 21)),
            after_commit=chance.random() < 0.3,
            orderly=chance.random() < 0.15,
            down=chance.choice((0, 0.5, 3, 15)),
        )
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3, 6)))
    ]


def draw_disasters(chance: Random, length: float) -> list[Happening]:
    """Draw what befalls accounts, the disk and the clock."""
    found: list[Happening] = []
    if chance.random() < 0.25:
        found.append(
            Outage(
                at=round(chance.uniform(0, length), 3),
                account_id=chance.choice(ACCOUNTS),
                answer=chance.choice(("throttled", "stopped")),
                seconds=chance.choice((5, 30, 120)),
            )
        )
    if chance.random() < 0.15:
        seconds = chance.choice((0.5, 4, 25))
        found.append(DiskFails(at=round(chance.uniform(0, length), 3), seconds=seconds))
    if chance.random() < 0.15:
        seconds = chance.choice((-3, -1, -0.2, 0.2, 1, 3))
        found.append(ClockSteps(at=round(chance.uniform(0, length), 3), seconds=seconds))
    return found


def _draw_sending(chance: Random, number: int, figures: Figures) -> Sending:
    arrives: float | None = chance.choice((0.05, 0.1, 2))
    answer, answers = "delivered", (arrives or 0) + chance.choice((0, 0.2, 5))
    kind = chance.random()
    if kind < 0.4:
        answer = "broken" if kind < 0.05 else "unconfirmed"
        answers = chance.choice((0.3, 10))
        arrives = chance.choice((None, None, 0.1, answers, answers + 0.3 * figures.settle))
    elif kind < 0.65:
        answer, arrives = chance.choice(("undelivered", "throttled", "rejected", "stopped")), None
    return Sending(
        number=number,
        arrives=arrives,
        answer=answer,
        answers=answers,
        echoes=chance.choice(((), (0,), (0.05,), (0.5,), (5,), (40,), (0.2, 0.2), (0.1, 30))),
        recorded=chance.choice((0, 0, 0.5, 0.8)) * figures.settle,
        wait=chance.choice((None, 2, 20, 70)),
    )
