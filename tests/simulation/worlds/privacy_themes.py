"""Worlds in which contacts are erased, and what has ended long ago is forgotten."""

from dataclasses import replace
from random import Random

from tests.simulation.worlds.script import (
    Dies,
    Edits,
    Erases,
    Generating,
    Happening,
    Sending,
    Writes,
)
from tests.simulation.worlds.settings import WorldSettings
from tests.simulation.worlds.theme_parts import contacts, message


def erased_at_any_step(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Contacts are erased while they write, wait, are answered, or are in doubt."""
    settings = WorldSettings(
        debounce=chance.choice((0.5, 5)),
        cooldown=8,
        step_cost=chance.choice((0, 0.002, 0.02)),
        erases=True,
    )
    writes: list[Writes] = []
    erases: list[Happening] = []
    for each in contacts(4):
        at = chance.uniform(0, 10)
        for pause in (0, chance.choice((1, 6, 20))):
            number = len(writes) + 1
            writes.append(message(each, number, at + pause, f"private m{number}."))
        for _ in range(chance.choice((0, 1, 1, 2))):
            after = chance.choice((0.2, 0.21, 0.7, 5.2, 5.21, 5.3, 5.6, 12, 30))
            by_meta = chance.random() < 0.4
            erases.append(Erases(at=round(at + after, 3), contact=each, by_meta=by_meta))
    edits = [
        Edits(at=round(each.at + 2, 3), contact=each.contact, mid=each.mid, text=f"{each.text}!")
        for each in writes
        if chance.random() < 0.2
    ]
    slow = [Generating(number=n, seconds=chance.choice((0, 2))) for n in range(1, 12)]
    answers = ("delivered", "unconfirmed", "throttled", "undelivered")
    sendings = [
        Sending(number=n, arrives=None, answer=chance.choice(answers[1:]), wait=20)
        for n in range(1, 20)
        if chance.random() < 0.2
    ]
    deaths = [Dies(at=chance.uniform(2, 40)) for _ in range(chance.choice((0, 0, 1, 2)))]
    settings = replace(settings, indexes=chance.random() < 0.5)
    return settings, [*writes, *erases, *edits, *slow, *sendings, *deaths]


def forgotten_by_age(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """What has ended is forgotten after some minutes, while new messages come."""
    settings = WorldSettings(
        debounce=0.5, cooldown=8, idle=5, step_cost=0, retention=120, erases=True
    )
    writes: list[Happening] = []
    for each in contacts(3):
        at = chance.uniform(0, 30)
        while at < 600:
            number = len(writes) + 1
            writes.append(message(each, number, at, f"private m{number}."))
            at += chance.choice((3, 40, 200))
    sendings = [
        Sending(number=n, arrives=None, answer="throttled", wait=chance.choice((20, 150)))
        for n in range(1, 20)
        if chance.random() < 0.15
    ]
    deaths = [Dies(at=chance.uniform(2, 600)) for _ in range(chance.choice((0, 1, 3)))]
    return settings, [*writes, *sendings, *deaths]
