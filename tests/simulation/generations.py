from collections import Counter

from moca.storage.outbox.recall import RECALLED_BECAUSE
from tests.simulation.generator import Generator
from tests.simulation.invariants import Invariant
from tests.simulation.ledger import Row, contact_of
from tests.simulation.oracle import Oracle


def judge_generations(oracle: Oracle, generator: Generator, items: list[Row]) -> None:
    """Judge that an overload does not feed itself: what was asked for is not asked for again.

    A reply that an edit takes back may have answered other messages too, which then need another.
    """
    if oracle.has_lost_events or oracle.deaths:
        return
    taken_back = {contact_of(item) for item in items if item["because"] == RECALLED_BECAUSE}
    asked = Counter(
        (each.contact, each.attempt, tuple(each.texts.items())) for each in generator.asked
    )
    for (contact, attempt, texts), times in asked.items():
        if times > 1 and contact not in taken_back:
            what = f"attempt {attempt} at answering {texts[0][0]} of {contact.psid}"
            told = f"{what} was made {times} times"
            oracle.is_broken(Invariant.ONE_GENERATION_A_DRAFT, told)
