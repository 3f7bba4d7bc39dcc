"""Draws runs of several nodes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from moca.core.types import ContactKey
from tests.simulation.nodes.cluster import SEATS
from tests.simulation.nodes.faults import draw_faults
from tests.simulation.nodes.script import PoisonArrives, Publishing, QueueStalls, TokenLookup
from tests.simulation.worlds.contacts import draw_answers_by_hand, draw_writes
from tests.simulation.worlds.draw import ACCOUNTS
from tests.simulation.worlds.faults import (
    draw_generations,
    draw_outages,
    draw_readings,
    draw_sendings,
)
from tests.simulation.worlds.follow_ups import draw_edits, draw_notices, draw_passes, draw_unsends
from tests.simulation.worlds.operator_actions import (
    draw_acts,
    draw_answers,
    draw_control,
    draw_deliveries,
    draw_drafts,
    draw_limited,
    draw_publishings,
    draw_reviews,
)
from tests.simulation.worlds.review_themes import MODES
from tests.simulation.worlds.script import Happening, Script, Writes
from tests.simulation.worlds.settings import WorldSettings
from tests.simulation.worlds.world import World

_ACCOUNT = ACCOUNTS[0]
_OF_SEVERAL_ACCOUNTS = 0.3
_MOST_FAULTS = (0, 1, 1, 2, 2, 3, 5)

_DRAWINGS: tuple[Callable[[World], Sequence[Happening]], ...] = (
    draw_writes,
    draw_edits,
    draw_unsends,
    draw_notices,
    draw_passes,
    draw_answers_by_hand,
    draw_acts,
    draw_control,
    draw_answers,
    draw_readings,
    draw_generations,
    draw_outages,
)


def draw_nodes(seed: int) -> Script:
    """Write down the run of a seed on two or three nodes."""
    script = _draw(seed)
    happenings, settings = list(script.happenings), script.settings
    chance = Random(f"{seed}, on several nodes and of several accounts")
    if chance.random() < _OF_SEVERAL_ACCOUNTS:
        happenings = [_in_its_account(each) for each in happenings]
        contacts = {each.contact: None for each in happenings if hasattr(each, "contact")}
        if contacts:
            world = World(chance, settings, tuple(contacts), 20, has_all_kinds=False)
            world.writes.extend(each for each in happenings if isinstance(each, Writes))
            happenings += draw_limited(world, ACCOUNTS)
            has_bots = world.happens(0.5) and not settings.modes
            settings = replace(settings, has_bots=has_bots)
            happenings += draw_publishings(world) if has_bots else []
    return replace(script, happenings=tuple(happenings), settings=settings)


def _in_its_account(happening: Happening) -> Happening:
    """Move every other contact to another account."""
    contact = getattr(happening, "contact", None)
    if contact is None or int(contact.psid.removeprefix("p")) % 2:
        return happening
    other: Happening = replace(happening, contact=contact._replace(account_id=ACCOUNTS[1]))
    return other


def _draw(seed: int) -> Script:
    chance = Random(f"{seed}, on several nodes")
    nodes = chance.choice((2, 2, 3))
    settings = _draw_settings(chance)
    contacts = tuple(
        ContactKey(_ACCOUNT, f"p{number}") for number in range(1, chance.choice((1, 2, 3, 5)) + 1)
    )
    length, has_all_kinds = chance.choice((10, 20, 40)), chance.random() < 0.3
    world = World(chance, settings, contacts, length, has_all_kinds)
    if world.happens(0.3):
        return Script(seed, settings, tuple(_draw_rush(world)), nodes)
    happenings = [each for draw in _DRAWINGS for each in draw(world)]
    if world.happens(0.5):
        happenings += draw_sendings(world)
    for _ in range(world.one_of(*_MOST_FAULTS)):
        happenings.append(draw_faults(world))
    happenings += [*_draw_publishings(world), *_draw_lookups(world), *_draw_poison(world)]
    happenings += _draw_stalls(world)
    reviewed = replace(world, chance=Random(f"{seed}, on several nodes and reviewed"))
    if reviewed.happens(0.2) and not settings.same_texts:
        settings = replace(settings, modes=reviewed.one_of(*MODES))
        happenings += draw_reviews(reviewed)
    assisted = replace(world, chance=Random(f"{seed}, on several nodes and an assistant"))
    happenings += draw_drafts(assisted) if assisted.happens(0.2) else []
    followed = replace(world, chance=Random(f"{seed}, on several nodes and subscribers"))
    if followed.happens(0.3):
        settings = replace(settings, subscribers=True)
        happenings += draw_deliveries(followed)
    return Script(seed, settings, tuple(map(_read_alike_everywhere, happenings)), nodes)


def _draw_rush(world: World) -> list[Happening]:
    """Draw so many who write at once that something is always being sent, and faults amid that."""
    settings = world.settings
    count = world.one_of(8, 16) * settings.per_second
    writes = [
        Writes(
            at=round(1.5 + world.chance.random() * 2, 3),
            contact=ContactKey(_ACCOUNT, f"p{number}"),
            mid=f"m{number}",
            text="hi",
        )
        for number in range(1, count + 1)
    ]
    amid = replace(world, length=world.one_of(6, 12))
    faults = [draw_faults(amid) for _ in range(world.one_of(1, 1, 2, 3))]
    return [*writes, *faults, *_draw_publishings(world), *_draw_lookups(world)]


def _read_alike_everywhere(happening: Happening) -> Happening:
    """A webhook's owner reads it anew: what the first node was told beside it is not handed on."""
    return replace(happening, unanswerable=None) if isinstance(happening, Writes) else happening


def _draw_settings(chance: Random) -> WorldSettings:
    same_texts = chance.random() < 0.1
    return WorldSettings(
        dedup=chance.choice((10, 3)),
        debounce=chance.choice((2, 0.5)),
        cooldown=chance.choice((8, 8, 20)),
        idle=5,
        combined=chance.random() < 0.25,
        generation_timeout=chance.choice((30, 6)),
        per_second=chance.choice((3, 3, 1)),
        user_cooldown=2 if same_texts else chance.choice((7, 2)),
        settle=chance.choice((10, 3)),
        sweep=chance.choice((15, 60)),
        couriers=chance.choice((32, 6, 1)),
        step_cost=chance.choice((0, 0, 0.002)),
        in_order=chance.random() < 0.2,
        same_texts=same_texts,
        batches=chance.random() < 0.3,
        shows_typing=chance.random() < 0.2,
    )


def _draw_publishings(world: World) -> list[Publishing]:
    often = world.one_of(0, 0, 0.05, 0.2)
    return [
        Publishing(
            number=number,
            is_kept=world.happens(0.7),
            confirmed=world.one_of(None, 0, 0.5, 5, 30),
        )
        for number in range(1, 60)
        if world.happens(often)
    ]


def _draw_lookups(world: World) -> list[TokenLookup]:
    often = world.one_of(0, 0, 0.1, 0.3)
    return [
        TokenLookup(number=number, seconds=world.one_of(0.5, 3, 6))
        for number in range(1, 20)
        if world.happens(often)
    ]


def _draw_poison(world: World) -> list[PoisonArrives]:
    if not world.happens(0.1):
        return []
    return [
        PoisonArrives(at=world.instant(), contact=world.one_of(*world.contacts), mid=f"x{number}")
        for number in range(world.one_of(1, 2))
    ]


def _draw_stalls(world: World) -> list[QueueStalls]:
    if not world.happens(0.3):
        return []
    return [
        QueueStalls(at=world.instant(), seat=world.one_of(*SEATS), seconds=world.one_of(0.1, 1, 5))
        for _ in range(world.one_of(1, 2, 4))
    ]
