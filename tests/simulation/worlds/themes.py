"""Worlds that dwell on one thing: what ordinary ones come to now and then, these always do."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.simulation.worlds.policy_themes import (
    disclosing,
    escalating,
    near_the_quota,
    with_a_renewed_token,
)
from tests.simulation.worlds.privacy_themes import erased_at_any_step, forgotten_by_age
from tests.simulation.worlds.review_themes import reviewed
from tests.simulation.worlds.script import (
    ActorCrashes,
    Dies,
    Edits,
    Generating,
    Happening,
    LosesEvents,
    Operates,
    Reading,
    Script,
    Sending,
)
from tests.simulation.worlds.settings import WorldSettings
from tests.simulation.worlds.theme_parts import TEXTS, contacts, message
from tests.simulation.worlds.waiting_themes import (
    at_the_edge_of_idleness,
    beside_blocked_accounts,
    commented,
    crowded,
    under_a_clock_that_leaps,
    unheard,
)


def frozen_now_and_then(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """A queue that is never empty is frozen and released many times."""
    people = contacts(6)
    texts = [
        Operates(at=1 + n * 0.4, contact=chance.choice(people), action="write", text=f"text {n}")
        for n in range(40)
    ]
    said = [message(each, n, 0.2, "hi") for n, each in enumerate(people, start=1)]
    acts: list[Happening] = []
    at = 3.0
    for _ in range(14):
        at += chance.uniform(0.3, 3)
        acts.append(Operates(at=round(at, 3), contact=people[0], action="freeze"))
        at += chance.choice((0.5, 1, 2))
        acts.append(Operates(at=round(at, 3), contact=people[0], action="release"))
    settings = WorldSettings(per_second=1, user_cooldown=2, debounce=5, step_cost=0)
    return settings, [*said, *texts, *acts]


def saying_the_same(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """People repeat themselves: at the ends of windows exactly, and once they were answered."""
    settings = WorldSettings(debounce=chance.choice((0.5, 5)), dedup=10, cooldown=8, step_cost=0)
    writes: list[Happening] = []
    for each in contacts(4):
        at = chance.uniform(0, 20)
        for after in (0, chance.choice((2, 6.5, 9.5, 10)), 20):
            writes.append(message(each, len(writes) + 1, at + after, "hi"))
    slow = [Generating(number=n, seconds=chance.choice((0, 0, 20))) for n in range(1, 20)]
    return settings, [*writes, *slow]


def edited_at_the_last_moment(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Messages are edited while their replies are made, queued, or wait in the queue."""
    settings = WorldSettings(
        debounce=5, cooldown=8, sweep=60, step_cost=chance.choice((0, 0.02, 0.05))
    )
    happenings: list[Happening] = []
    for number, each in enumerate(contacts(5), start=1):
        at = chance.uniform(0, 10)
        happenings.append(message(each, number, at, "hi"))
        happenings.append(message(each, number + 10, at + 1, "where is my order"))
        for edit, mid in enumerate((f"m{number}", f"m{number + 10}"), start=1):
            after = chance.choice((4.99, 5, 5.02, 5.05, 5.1, 5.2, 6, 7))
            happenings.append(
                Edits(at=round(at + after, 3), contact=each, mid=mid, text=f"edited {edit}")
            )
    return settings, happenings


def in_doubt(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Every reply says the same, follows closely, and half of the calls have no answer."""
    settings = WorldSettings(
        same_texts=chance.random() < 0.7,
        user_cooldown=2,
        debounce=0.5,
        settle=chance.choice((10, 30)),
        step_cost=0,
    )
    writes: list[Happening] = []
    for each in contacts(3):
        at = chance.uniform(0, 5)
        for text in TEXTS:
            writes.append(message(each, len(writes) + 1, at, text))
            at += chance.choice((0.1, 0.1, 3))
    sendings = [
        Sending(
            number=number,
            arrives=chance.choice((None, 0.1, 0.1)),
            answer="unconfirmed",
            echoes=chance.choice(((), (5,), (12,))),
        )
        for number in range(1, 30)
        if chance.random() < 0.6
    ]
    return settings, [*writes, *sendings]


def settled_by_hand(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """The operator says what came of equal replies, and an echo tells of the next of them."""
    settings = WorldSettings(
        same_texts=True, cooldown=2, user_cooldown=2, debounce=0.5, step_cost=0
    )
    (anna,) = contacts(1)
    # Far enough apart that each has a reply of its own.
    writes = [message(anna, n, n * 4, text) for n, text in enumerate(TEXTS, start=1)]
    echoes = ((), (chance.choice((3, 5)),), (chance.choice((0.5, 5)),))
    sendings = [
        Sending(number=number, arrives=0.1, answer="unconfirmed", echoes=after)
        for number, after in enumerate(echoes, start=1)
    ]
    unreadable = [Reading(number=number, seconds=0.1) for number in range(1, 6)]
    settles = Operates(at=chance.choice((12, 25, 70)), contact=anna, action="settle")
    return settings, [*writes, *sendings, *unreadable, settles]


def in_long_threads(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """A call's answer is lost, and so much is written then that the record does not reach back."""
    (anna,) = contacts(1)
    settings = WorldSettings(debounce=0.5, combined=True, step_cost=0)
    writes = [message(anna, 1, 1, "hi")]
    count = chance.choice((15, 22, 30))
    writes += [message(anna, n + 2, 2.5 + n * 0.2, f"and {n}") for n in range(count)]
    lost = Sending(number=1, arrives=0.1, answer="unconfirmed", echoes=())
    return settings, [*writes, lost]


def in_a_slow_record(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """The record shows what arrived late: between its readings, or after both."""
    settings = WorldSettings(debounce=0.5, settle=10, step_cost=0)
    writes = [message(each, n, n, "hi") for n, each in enumerate(contacts(3), start=1)]
    sendings = [
        Sending(
            number=number,
            arrives=chance.choice((None, 0.1, 0.1)),
            answer="unconfirmed",
            echoes=(),
            recorded=chance.choice((11, 14, 17, 25, 40)),
        )
        for number in range(1, 12)
        if chance.random() < 0.7
    ]
    return settings, [*writes, *sendings]


def in_parts(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Long replies go in parts, while some of what is told is lost."""
    settings = WorldSettings(debounce=0.5, user_cooldown=2, step_cost=0.002)
    writes = [message(each, n, n * 2, "hi") for n, each in enumerate(contacts(5), start=1)]
    long = [Generating(number=number, form="long") for number in range(1, 12)]
    lost = [
        LosesEvents(at=2.5 + n * 2, seconds=0.9, one_in=chance.choice((2, 3, 4))) for n in range(6)
    ]
    return settings, [*writes, *long, *lost]


def with_a_writer_that_crashes(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """The only writer crashes as it hears how calls ended that came to nothing."""
    settings = WorldSettings(debounce=0.5, user_cooldown=2, step_cost=chance.choice((0, 0.002)))
    writes = [message(each, n, n * 3, "hi") for n, each in enumerate(contacts(6), start=1)]
    sendings = [
        Sending(number=number, arrives=None, answer=chance.choice(("undelivered", "throttled")))
        for number in range(1, 20)
        if chance.random() < 0.8
    ]
    crashes = [
        ActorCrashes(at=round(n * 3 + chance.uniform(0.8, 1), 3), actor="PersistenceActor")
        for n in chance.sample(range(1, 7), 2)
    ]
    return settings, [*writes, *sendings, *crashes]


def stopped_in_order(chance: Random) -> tuple[WorldSettings, list[Happening]]:
    """Moca is stopped in order amid much to do."""
    settings = WorldSettings(per_second=chance.choice((1, 3)), debounce=0.5, step_cost=0.02)
    writes = [message(each, n, n * 0.2, "hi") for n, each in enumerate(contacts(9), start=1)]
    stops = [
        Dies(at=round(chance.uniform(2 + 6 * n, 8 + 6 * n), 3), orderly=True, down=1)
        for n in range(3)
    ]
    slow = [Sending(number=n, answers=chance.choice((0.3, 3))) for n in range(1, 20)]
    return settings, [*writes, *stops, *slow, Reading(number=1, seconds=8, is_unreadable=False)]


_Draw = Callable[[Random], tuple[WorldSettings, list[Happening]]]

WORLDS: dict[str, _Draw] = {
    draw.__name__: draw
    for draw in (
        frozen_now_and_then,
        saying_the_same,
        edited_at_the_last_moment,
        in_doubt,
        settled_by_hand,
        in_long_threads,
        in_a_slow_record,
        in_parts,
        with_a_writer_that_crashes,
        stopped_in_order,
        crowded,
        at_the_edge_of_idleness,
        commented,
        under_a_clock_that_leaps,
        beside_blocked_accounts,
        unheard,
        erased_at_any_step,
        forgotten_by_age,
        disclosing,
        escalating,
        near_the_quota,
        with_a_renewed_token,
        reviewed,
    )
}


def draw_world(seed: int, name: str | None = None) -> Script:
    """Write down a run in the world of this name, or in any."""
    chance = Random(f"{seed}, in a world of its own")
    settings, happenings = WORLDS[name or chance.choice(tuple(WORLDS))](chance)
    return Script(seed, replace(settings, in_order=chance.random() < 0.3), tuple(happenings))
