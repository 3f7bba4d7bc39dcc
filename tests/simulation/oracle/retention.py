from datetime import timedelta

from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, instant
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.virtual_time import Clockwork

_LATE = timedelta(minutes=3)
"""How long after its time something may still be stored: it goes in portions, every minute."""


def judge_retention(
    oracle: Oracle, ledger: Ledger, clockwork: Clockwork, retention: timedelta
) -> None:
    """Judge that what ended long ago is gone, and that what is younger, or has not ended, stays."""
    messages, now = ledger.messages(), clockwork.true
    stored = {row["mid"] for row in messages}
    dump = ledger.dump()
    last_steps = {step["message_id"]: instant(step["at"]) for step in ledger.steps()}
    for row in messages:
        # What waited for long is young when it ends.
        ended_at = last_steps.get(row["id"], instant(row["created_at"]))
        if row["role"] == "user" and ended_at + retention + _LATE < now:
            oracle.is_broken(Invariant.RETENTION, f"{row['mid']} is stored past its time")
    _judge_journeys(oracle, ledger, clockwork, retention / 2)
    for mid, at in sorted(oracle.acknowledged_at.items()):
        is_gone = at + retention + _LATE < now and mid not in stored
        if is_gone and f"private {mid}." in dump:
            oracle.is_broken(Invariant.RETENTION, f"the text of {mid} is stored past its time")
        if at + retention > now and mid not in stored:
            oracle.is_broken(Invariant.RETENTION, f"{mid} is gone before its time")


def _judge_journeys(oracle: Oracle, ledger: Ledger, clockwork: Clockwork, kept: timedelta) -> None:
    """Judge that bodies and routine steps go with the messages' outcomes, and no others."""
    latest = clockwork.true - kept - _LATE
    for body in ledger.done_bodies():
        if instant(body["ended_at"]) < latest:
            oracle.is_broken(Invariant.RETENTION, f"body {body['id']} is stored past its time")
    for row in ledger.messages("m.outcome = 'answered'"):
        stages = {step["stage"] for step in ledger.steps("message_id = ?", row["id"])}
        if "outcome" not in stages:
            oracle.is_broken(Invariant.RETENTION, f"why {row['mid']} ended is forgotten")
