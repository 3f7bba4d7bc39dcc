from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from moca.core.types import ContactKey
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.generator import Generator


def judge_generations(
    oracle: Oracle, ledger: Ledger, generator: Generator, messages: list[Row]
) -> None:
    """Judge that an overload does not feed itself: what was asked for is not asked for again.

    When an edit takes a reply back, its conversation is loaded anew, and all that it was waiting
    for is asked for once more.
    """
    if oracle.losses or oracle.deaths:
        return
    reloads = _reloads(ledger, messages)
    asked = defaultdict(list)
    for each in generator.asked:
        if each.contact in oracle.erased:
            continue
        asked[each.contact, each.attempt, tuple(each.texts.items())].append(each.at)
    for (contact, attempt, texts), instants in asked.items():
        reloaded = sum(at >= instants[0] - oracle.slack for at in reloads[contact])
        if len(instants) > 1 + reloaded:
            what = f"attempt {attempt} at answering {texts[0][0]} of {contact.psid}"
            told = f"{what} was made {len(instants)} times"
            oracle.is_broken(Invariant.ONE_GENERATION_A_DRAFT, told)


def _reloads(ledger: Ledger, messages: list[Row]) -> Mapping[ContactKey, list[datetime]]:
    """Return by contact when edits took replies back."""
    contacts = {row["id"]: contact_of(row) for row in messages}
    reloads = defaultdict(list)
    for step in ledger.steps("outcome = 'taken up' AND detail LIKE 'reply % was recalled'"):
        if step["message_id"] in contacts:
            reloads[contacts[step["message_id"]]].append(instant(step["at"]))
    return reloads
