import itertools
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from moca.core.inbound.event_rules import is_tap
from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import Shown
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, instant
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.worlds.script import DiskFails, Script

_HEALED_AFTER = timedelta(minutes=4)
"""After so long a conversation has been reloaded, whatever it has missed."""


def judge_flushes(
    script: Script,
    oracle: Oracle,
    ledger: Ledger,
    messages: list[dict[str, Any]],
    items: list[dict[str, Any]],
    arrivals: list[tuple[ContactKey, Shown]],
) -> None:
    cooldown = timedelta(seconds=script.settings.cooldown) - oracle.slack
    talk_of = {row["id"]: row["conversation_id"] for row in messages}
    taps = {row["id"] for row in messages if is_tap(row["kind"], row["type"])}
    pressed: set[tuple[int, datetime]] = set()
    flushes: dict[int, dict[datetime, int]] = defaultdict(dict)
    for step in ledger.steps("outcome = 'flushed'"):
        if step["message_id"] not in talk_of:
            continue
        talk, at = talk_of[step["message_id"]], instant(step["at"])
        flushes[talk].setdefault(at, step["id"])
        if step["message_id"] in taps:
            pressed.add((talk, at))
    for step in ledger.steps("stage = 'outcome'"):
        # A tap that came too late to be answered may have caused the flush of what was beside it.
        if step["message_id"] in taps:
            pressed.add((talk_of[step["message_id"]], instant(step["at"])))
    has_outage = any(isinstance(each, DiskFails) for each in script.happenings)
    unanswered = {row["id"] for row in messages if row["outcome"] != "answered"}
    declined = {
        (talk_of[step["message_id"]], instant(step["at"]))
        for step in ledger.steps("outcome = 'flushed'")
        if step["message_id"] in unanswered
    }
    talk_of_mid = {row["mid"]: row["conversation_id"] for row in items if row["author"] == "bot"}
    for talk, times in sorted(flushes.items()):
        for before, after in itertools.pairwise(times):
            died = _died_amid(oracle, before, after, times[after])
            is_excused = died or (talk, after) in pressed or _missed_news(oracle, before, after)
            # Only a reply leaves a cooldown on disk, from where an outage has it reloaded.
            is_excused |= has_outage and (talk, before) in declined
            if after - before < cooldown and not is_excused:
                oracle.is_broken(
                    Invariant.ORDER_OF_REPLIES, f"talk {talk} flushed {after - before} after it had"
                )
        heard = [
            min(shown.at, oracle.known_at.get(shown.mid, shown.at))
            for _, shown in arrivals
            if talk_of_mid.get(shown.mid) == talk
        ]
        for flush in (each for each in times if (talk, each) not in pressed):
            for at in heard:
                is_early = timedelta() < flush - at < cooldown and flush - at > oracle.slack
                if is_early and not _missed_news(oracle, at, flush):
                    oracle.is_broken(
                        Invariant.ORDER_OF_REPLIES,
                        f"talk {talk} flushed {flush - at} after a reply",
                    )


def _missed_news(oracle: Oracle, since: datetime, flush: datetime) -> bool:
    """Return whether a conversation may not know, at its flush, of what went before."""
    earliest = since - oracle.slack - _HEALED_AFTER
    return any(earliest <= loss <= flush + oracle.slack for loss in oracle.losses)


def _died_amid(oracle: Oracle, before: datetime, after: datetime, step_id: int) -> bool:
    """Return whether a flush may be lost with a process that died before the next was written."""
    return any(
        before - oracle.slack <= death.at <= after + oracle.slack and death.last_step_id < step_id
        for death in oracle.deaths
    )
