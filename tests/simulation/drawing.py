from random import Random

from tests.simulation.faults import (
    draw_deaths,
    draw_disasters,
    draw_generations,
    draw_readings,
    draw_sendings,
)
from tests.simulation.people import draw_by_hand, draw_contacts, draw_writes
from tests.simulation.script import Figures, Script


def draw_script(seed: int) -> Script:
    """Write down the run of a seed."""
    chance = Random(seed)
    figures = _draw_figures(chance)
    length = chance.choice((20, 60, 120))
    contacts = draw_contacts(chance)
    happenings = (
        *draw_writes(chance, contacts, length),
        *draw_by_hand(chance, contacts, length, figures),
        *draw_sendings(chance, figures),
        *draw_readings(chance),
        *draw_generations(chance, figures),
        *draw_deaths(chance, length),
        *draw_disasters(chance, length),
    )
    return Script(seed, figures, happenings)


def _draw_figures(chance: Random) -> Figures:
    return Figures(
        dedup=chance.choice((10, 10, 3)),
        debounce=chance.choice((5, 5, 0.5)),
        cooldown=chance.choice((30, 30, 8)),
        idle=chance.choice((60, 5)),
        combined=chance.random() < 0.25,
        generation_timeout=chance.choice((30, 6)),
        per_second=chance.choice((3, 3, 1)),
        account_per_second=chance.choice((100, 100, 1)),
        user_cooldown=chance.choice((7, 7, 2)),
        max_attempts=chance.choice((5, 5, 2)),
        settle=chance.choice((10, 10, 3)),
        capacity=chance.choice((4000, 4000, 4000, 2)),
        takeover=chance.choice((43_200, 45)),
        window=chance.choice((86_400, 86_400, 60)),
        couriers=chance.choice((6, 6, 1)),
        step_cost=chance.choice((0, 0.002, 0.02)),
        in_order=chance.random() < 0.2,
        same_texts=chance.random() < 0.2,
        batches=chance.random() < 0.3,
    )
