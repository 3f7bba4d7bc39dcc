"""Worlds with what an account's owner may set: disclosure, words of escalation, a near quota."""

from random import Random

from tests.simulation.worlds.script import (
    Dies,
    Edits,
    Happening,
    Outage,
    Renews,
    Sending,
)
from tests.simulation.worlds.settings import ESCALATION_WORD, WorldSettings
from tests.simulation.worlds.theme_parts import ACCOUNT, TEXTS, contacts, message


def disclosing(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """The bot says that it is one, also where calls fail and the process dies before it is said."""
    settings = WorldSettings(
        debounce=chance.choice((0.5, 5)), cooldown=8, step_cost=0.002, discloses=True
    )
    happenings: list[Happening] = []
    for number, each in enumerate(contacts(4), start=1):
        at = chance.uniform(0, 10)
        happenings.append(message(each, number, at, chance.choice(TEXTS)))
        happenings.append(message(each, number + 10, at + chance.choice((2, 20)), "and this?"))
        edits_at = at + chance.choice((4.99, 5.02, 5.1, 6, 9))
        happenings.append(Edits(at=edits_at, contact=each, mid=f"m{number}", text="edited"))
    happenings += [
        Sending(number=n, arrives=None, answer=chance.choice(("unconfirmed", "undelivered")))
        for n in range(1, 12)
        if chance.random() < 0.3
    ]
    deaths = [Dies(at=chance.uniform(3, 20)) for _ in range(chance.choice((0, 1, 2)))]
    return settings, [*happenings, *deaths]


def escalating(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Contacts ask for a person, alone or amid other messages."""
    settings = WorldSettings(debounce=5, cooldown=8, step_cost=0.002, escalates=True)
    happenings: list[Happening] = []
    for number, each in enumerate(contacts(5), start=1):
        at = chance.uniform(0, 10)
        for place in range(chance.choice((1, 2, 3))):
            text = f"a {ESCALATION_WORD}, please" if chance.random() < 0.5 else TEXTS[place]
            happenings.append(message(each, number + 10 * place, at, text))
            at += chance.choice((0.5, 3, 6, 14))
    deaths = [Dies(at=chance.uniform(3, 30)) for _ in range(chance.choice((0, 1, 2)))]
    return settings, [*happenings, *deaths]


def near_the_quota(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Instagram tells with each answer how much of the account's quota is used up."""
    settings = WorldSettings(debounce=0.5, user_cooldown=2, step_cost=0)
    writes = [message(each, n, n * 0.3, "hi") for n, each in enumerate(contacts(7), start=1)]
    sendings = [
        Sending(number=n, usage_percent=chance.choice((0, 75, 76, 90, 100))) for n in range(1, 9)
    ]
    deaths = [Dies(at=chance.uniform(1, 20)) for _ in range(chance.choice((0, 0, 1)))]
    return settings, [*writes, *sendings, *deaths]


def with_a_renewed_token(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """An account's token is dead until it gets another, and goes on with that at once."""
    settings = WorldSettings(debounce=0.5, user_cooldown=2, sweep=60, step_cost=0)
    writes = [
        message(each, n, chance.uniform(0, 60), "hi") for n, each in enumerate(contacts(5), start=1)
    ]
    dead = chance.uniform(5, 90)
    outage = Outage(at=0, account_id=ACCOUNT, answer="dead", seconds=dead)
    deaths = [Dies(at=chance.uniform(1, 90)) for _ in range(chance.choice((0, 0, 1)))]
    return settings, [*writes, outage, Renews(at=dead, account_id=ACCOUNT), *deaths]
