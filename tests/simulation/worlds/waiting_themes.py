"""Worlds in which many wait: what is judged is that none waits without need."""

from dataclasses import replace
from random import Random

from moca.core.types import ContactKey
from tests.simulation.worlds.script import (
    ClockSteps,
    Generating,
    Happening,
    LosesEvents,
    Outage,
    Renews,
    Sending,
)
from tests.simulation.worlds.settings import WorldSettings
from tests.simulation.worlds.theme_parts import TEXTS, contacts, message


def crowded(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Many more people write at once than replies can be made at a time."""
    count = chance.choice((40, 70))
    settings = WorldSettings(debounce=0.5, step_cost=0, idle=5, generation_timeout=30)
    writes = [
        message(each, n, chance.uniform(0, 5), "hi")
        for n, each in enumerate(contacts(count), start=1)
    ]
    slow = [Generating(number=number, seconds=chance.uniform(15, 25)) for number in range(1, 200)]
    return settings, [*writes, *slow]


def at_the_edge_of_idleness(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Contacts write again just as their conversations are unloaded."""
    settings = WorldSettings(
        debounce=0.5, cooldown=2, dedup=3, user_cooldown=1, idle=5, sweep=60, step_cost=0.002
    )
    writes = []
    for number, each in enumerate(contacts(12), start=1):
        writes.append(message(each, number, number, "hi"))
        # The debounce, the call and the echo, which is the last that a conversation hears.
        again = number + 0.2 + 0.5 + 0.6 + settings.idle + chance.uniform(-0.5, 0.1)
        writes.append(message(each, number + 20, again, "hello?"))
    return settings, writes


def commented(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """More people comment than may get a private reply in an hour."""
    settings = WorldSettings(debounce=0.5, private_replies_per_hour=chance.choice((1, 3)))
    comments = [
        replace(message(each, n, chance.uniform(0, 20), "how much?"), kind="comment")
        for n, each in enumerate(contacts(5), start=1)
    ]
    return settings, comments


def under_a_clock_that_leaps(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """The machine's clock is set by minutes and hours, either way."""
    settings = WorldSettings(
        debounce=chance.choice((0.5, 5)),
        cooldown=8,
        settle=3,
        step_cost=0,
        per_second=chance.choice((1, 3)),
    )
    writes: list[Happening] = []
    for each in contacts(5):
        at = chance.uniform(0, 20)
        for text in TEXTS[: chance.choice((1, 2, 4))]:
            writes.append(message(each, len(writes) + 1, at, text))
            at += chance.choice((1, 6, 15))
    leaps = [
        ClockSteps(
            at=round(chance.uniform(3, 40), 3),
            seconds=chance.choice((-7200, -3600, -600, -60, 60, 600, 3600)),
        )
        for _ in range(chance.choice((1, 1, 2)))
    ]
    answers = ("unconfirmed", "throttled", "undelivered")
    sendings = [
        Sending(number=number, arrives=None, answer=chance.choice(answers))
        for number in range(1, 20)
        if chance.random() < 0.25
    ]
    return settings, [*writes, *leaps, *sendings]


def beside_blocked_accounts(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Of many accounts one or two are blocked for hours, and memory holds few replies."""
    accounts = [f"1784140000000000{number}" for number in range(1, chance.choice((3, 6, 9)))]
    blocked = accounts[: chance.choice((1, 1, 2))]
    settings = WorldSettings(
        capacity=chance.choice((2, 4, 9)),
        per_second=chance.choice((1, 3)),
        debounce=0.5,
        cooldown=8,
        user_cooldown=2,
        sweep=60,
        step_cost=0,
    )
    writes: list[Happening] = []
    for number, account_id in enumerate(accounts):
        for person in range(chance.choice((4, 9)) if account_id in blocked else 2):
            contact = ContactKey(account_id, f"p{number}{person}")
            for at in (chance.uniform(0, 20), chance.uniform(60, 120)):
                writes.append(message(contact, len(writes) + 1, at, chance.choice(TEXTS)))
    outages: list[Happening] = []
    for account_id in blocked:
        answer, seconds = (
            chance.choice(("throttled", "stopped", "dead")),
            chance.uniform(3600, 9000),
        )
        outages.append(Outage(at=0, account_id=account_id, answer=answer, seconds=seconds))
        if answer == "dead":
            outages.append(Renews(at=seconds, account_id=account_id))
    return settings, [*writes, *outages]


def unheard(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """A contact writes on although what concerns their conversation was lost."""
    settings = WorldSettings(
        debounce=chance.choice((0.5, 5)), cooldown=chance.choice((8, 30)), step_cost=0
    )
    writes: list[Happening] = []
    for each in contacts(3):
        at, pause = chance.uniform(0, 3), chance.choice((2, 20, 50))
        for _ in range(chance.choice((10, 25))):
            writes.append(message(each, len(writes) + 1, at, f"and {len(writes)}"))
            at += pause
    lost = [
        LosesEvents(
            at=round(chance.uniform(1, 40), 3),
            seconds=chance.choice((0.5, 2, 6)),
            one_in=chance.choice((1, 1, 2)),
        )
        for _ in range(chance.choice((1, 3)))
    ]
    return settings, [*writes, *lost]
