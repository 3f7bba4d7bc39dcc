"""Each promise of the nodes is broken on purpose here: the simulation must notice."""

from dataclasses import replace

import pytest

from moca.core.types import ContactKey
from tests.simulation.mutants.mutants import read_mutants
from tests.simulation.mutants.patch import applied
from tests.simulation.nodes.script import (
    SENDING,
    LosesBroker,
    LosesDatabase,
    NodeIsSuspended,
    Publishing,
    TokenLookup,
)
from tests.simulation.oracle.invariants import Broken
from tests.simulation.run import run
from tests.simulation.worlds.script import Happening, Script, Sending, Writes
from tests.simulation.worlds.settings import WorldSettings

ACCOUNT = "17841400000000001"
QUICK = WorldSettings(debounce=0.5, cooldown=8, idle=5, settle=3, user_cooldown=2)
MUTANTS = {mutant.name: mutant for mutant in read_mutants() if mutant.nodes}


def writes(
    number: int, at: float, *, contact: int | None = None, delays: tuple[float, ...] = (0.2,)
) -> Writes:
    key = ContactKey(ACCOUNT, f"p{contact or number}")
    return Writes(at=at, contact=key, mid=f"m{number}", text=f"hi {number}", delays=delays)


def a_few(at: float = 2.0) -> list[Writes]:
    return [writes(number, at + number / 10) for number in range(1, 9)]


CUT_OFF = (
    LosesBroker(at=3, node=SENDING, seconds=12, unnoticed=(0, 7)),
    LosesDatabase(at=3, node=SENDING, seconds=10),
)
SHOWN_BY: dict[str, list[Happening]] = {
    "a write under an old epoch lands": [
        *a_few(),
        NodeIsSuspended(at=3, node=SENDING, seconds=12, unnoticed=0),
    ],
    "a seat is claimed without a new epoch": [],
    "the lease is not checked before a call": [
        *a_few(),
        NodeIsSuspended(at=2, node=SENDING, seconds=12, unnoticed=0, in_call=True),
    ],
    "an account's rest is not checked before a call": [
        *a_few(),
        Sending(number=1, arrives=None, answer="throttled", answers=0.5, wait=20),
        TokenLookup(number=2, seconds=3),
    ],
    "a new sender does not wait for the lease before": [
        *a_few(),
        *CUT_OFF,
        *(TokenLookup(number=number, seconds=1.0) for number in range(1, 20)),
    ],
    "a parcel is forgotten though it was not stored": [*a_few(), LosesDatabase(at=2, seconds=3)],
    "a parcel that came before its seat's claim is dropped": [
        *a_few(at=0.5),
        LosesDatabase(at=0, seconds=3),
    ],
    "a webhook counts as kept though the broker has not confirmed it": [
        *a_few(),
        Publishing(number=3, is_kept=False, confirmed=0),
    ],
    "a message that is redelivered is stored again": [writes(1, 2, delays=(0.2, 0.5))],
    "a queue's token is not kept": [writes(1, 40)],
    "no node hears what another wrote for its contacts": [
        *(writes(number, 10, contact=number) for number in range(1, 9)),
        *(writes(number + 10, 12, contact=number) for number in range(1, 9)),
    ],
    "a node that sends no more goes on delivering to subscribers": [
        NodeIsSuspended(at=3, node=SENDING, seconds=12, unnoticed=0),
        *a_few(at=60),
    ],
}


def broken_in(name: str) -> tuple[Broken, ...]:
    settings = replace(QUICK, subscribers="subscribers" in name)
    return run(Script(1, settings, tuple(SHOWN_BY[name]), nodes=2)).broken


def test_each_mutant_of_the_nodes_has_a_run_that_shows_it() -> None:
    assert SHOWN_BY.keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", SHOWN_BY)
def test_a_promise_of_the_nodes_that_is_broken_is_noticed(name: str) -> None:
    assert broken_in(name) == ()
    with applied(MUTANTS[name]):
        assert broken_in(name) != ()
