from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from moca.core.types import ContactKey
from tests.simulation.worlds.contacts import draw_answers_by_hand, draw_writes
from tests.simulation.worlds.faults import (
    draw_clock_steps,
    draw_deaths,
    draw_disk_failures,
    draw_generations,
    draw_outages,
    draw_readings,
    draw_sender_crashes,
    draw_sendings,
)
from tests.simulation.worlds.follow_ups import draw_edits, draw_notices, draw_passes, draw_unsends
from tests.simulation.worlds.losses import draw_crashes, draw_lost_commits, draw_lost_events
from tests.simulation.worlds.operator_actions import (
    draw_acts,
    draw_answers,
    draw_attachments,
    draw_control,
    draw_deliveries,
    draw_drafts,
    draw_limited,
    draw_publishings,
    draw_push_occasions,
    draw_reviews,
    draw_rush,
    draw_tidying,
)
from tests.simulation.worlds.review_themes import MODES
from tests.simulation.worlds.script import Happening, Script
from tests.simulation.worlds.settings import WorldSettings
from tests.simulation.worlds.themes import draw_world
from tests.simulation.worlds.world import World

_ONE_IN = 4
"""One seed in so many is of a world that dwells on one thing."""
ACCOUNTS = ("17841400000000001", "17841400000000002")

_DRAWINGS: tuple[Callable[[World], Sequence[Happening]], ...] = (
    draw_writes,
    draw_edits,
    draw_unsends,
    draw_notices,
    draw_passes,
    draw_answers_by_hand,
    draw_acts,
    draw_rush,
    draw_sendings,
    draw_readings,
    draw_generations,
    draw_deaths,
    draw_sender_crashes,
    draw_outages,
    draw_disk_failures,
    draw_clock_steps,
    draw_control,
)


_MORE_DRAWINGS: tuple[Callable[[World], Sequence[Happening]], ...] = (
    draw_crashes,
    draw_lost_events,
    draw_lost_commits,
    draw_answers,
    draw_tidying,
)
"""Drawn apart, so that what was drawn before stays what it was."""


def draw_script(seed: int) -> Script:
    """Write down the run of a seed."""
    if seed % _ONE_IN == _ONE_IN - 1:
        return draw_world(seed)
    script, world = _draw(seed)
    world = replace(world, chance=Random(f"{seed}, and more"))
    more = [each for draw in _MORE_DRAWINGS for each in draw(world)]
    settings = replace(script.settings, indexes=world.happens(0.25), has_bots=world.happens(0.2))
    more += draw_publishings(world) if settings.has_bots else []
    world = replace(world, chance=Random(f"{seed}, and approved topic"))
    is_simple = not (settings.same_texts or settings.has_bots)
    if world.happens(0.2) and is_simple:
        settings = replace(settings, modes=world.one_of(*MODES))
        more += draw_reviews(world)
    world = replace(world, chance=Random(f"{seed}, and an assistant"))
    more += draw_drafts(world) if world.happens(0.2) else []
    world = replace(world, chance=Random(f"{seed}, and limited operators"))
    more += draw_limited(world, ACCOUNTS) if world.happens(0.2) else []
    world = replace(world, chance=Random(f"{seed}, and added pictures"))
    if world.happens(0.15):
        settings = replace(settings, erases=True)
        more += draw_attachments(world)
    world = replace(world, chance=Random(f"{seed}, and pushes"))
    if world.happens(0.15):
        settings = replace(settings, pushes=True)
        more += draw_push_occasions(world)
    world = replace(world, chance=Random(f"{seed}, and subscribers"))
    if world.happens(0.12):
        settings = replace(settings, subscribers=True)
        more += draw_deliveries(world)
    return replace(script, settings=settings, happenings=(*script.happenings, *more))


def draw_plain_script(seed: int) -> Script:
    """Write down the run of a seed as it was before there were more things to draw."""
    return _draw(seed)[0]


def _draw(seed: int) -> tuple[Script, World]:
    chance = Random(seed)
    settings = _draw_settings(chance)
    length, has_all_kinds = chance.choice((20, 60, 120)), chance.random() < 0.6
    world = World(chance, settings, _draw_contacts(chance), length, has_all_kinds)
    happenings = [each for draw in _DRAWINGS for each in draw(world)]
    return Script(seed, settings, tuple(happenings)), world


def _draw_contacts(chance: Random) -> tuple[ContactKey, ...]:
    """Draw who writes, and to which account."""
    count = chance.choice((1, 1, 2, 2, 3, 4, 6, 9))
    accounts = ACCOUNTS if chance.random() < 0.3 else ACCOUNTS[:1]
    return tuple(
        ContactKey(chance.choice(accounts), f"p{number}") for number in range(1, count + 1)
    )


def _draw_settings(chance: Random) -> WorldSettings:
    same_texts = chance.random() < 0.2
    return WorldSettings(
        dedup=chance.choice((10, 10, 3)),
        debounce=chance.choice((5, 5, 0.5)),
        cooldown=chance.choice((30, 30, 8)),
        idle=chance.choice((60, 5)),
        combined=chance.random() < 0.25,
        generation_timeout=chance.choice((30, 6)),
        per_second=chance.choice((3, 3, 1)),
        account_per_second=chance.choice((100, 100, 1)),
        # Equal texts are the easier taken for one another, the closer they follow.
        user_cooldown=2 if same_texts else chance.choice((7, 7, 2)),
        max_attempts=chance.choice((5, 5, 2)),
        settle=chance.choice((10, 10, 3)),
        sweep=chance.choice((15, 60, 60)),
        capacity=chance.choice((4000, 4000, 4000, 2)),
        takeover=chance.choice((43_200, 45)),
        window=chance.choice((86_400, 86_400, 60)),
        couriers=chance.choice((32, 32, 6, 1)),
        step_cost=chance.choice((0, 0.002, 0.02)),
        in_order=chance.random() < 0.2,
        same_texts=same_texts,
        batches=chance.random() < 0.3,
        shows_typing=chance.random() < 0.3,
        private_replies_per_hour=1 if chance.random() < 0.05 else 750,
        closes=chance.random() < 0.15,
        answer_when_open=chance.random() < 0.6,
    )
