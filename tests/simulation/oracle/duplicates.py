from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Row, contact_of, instant
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.worlds.script import ClockSteps, Script


def judge_duplicates(
    script: Script, oracle: Oracle, messages: list[Row], taken_up: Collection[int]
) -> None:
    """Judge that what is a duplicate is one, and what is none was answered.

    `taken_up` are messages that were duplicates until what they repeat was unsent or edited.
    """
    window = timedelta(seconds=script.settings.dedup)
    by_id = {row["id"]: row for row in messages}
    for row in messages:
        if row["outcome"] != "duplicate":
            continue
        first = by_id.get(row["duplicate_of_id"])
        if first is None:
            oracle.is_broken(Invariant.ONE_OUTCOME, f"{row['mid']} is a duplicate of nothing")
            continue
        after = instant(row["created_at"]) - instant(first["created_at"])
        if {row["mid"], first["mid"]} & oracle.revisions.mids:
            continue
        alike = first["text"] == row["text"] and contact_of(first) == contact_of(row)
        if not alike or row["type"] != "text" or row["kind"] != "message" or after >= window:
            oracle.is_broken(Invariant.ONE_OUTCOME, f"{row['mid']} does not repeat {first['mid']}")
        if oracle.has_answered_between(first, row) and not _waited(first, row, by_id):
            oracle.is_broken(
                Invariant.ONE_OUTCOME, f"{row['mid']} repeats {first['mid']}, answered long before"
            )
    kept = [row for row in messages if row["id"] not in taken_up]
    _judge_missed_duplicates(script, oracle, kept)


def _waited(first: Row, repeat: Row, by_id: Mapping[int, Row]) -> bool:
    """Return whether a message got its own reply after its repeat came, as a draft, or none."""
    reply = by_id.get(first["reply_id"])
    sent_at = None if reply is None else reply["sent_at"]
    return sent_at is None or instant(sent_at) > instant(repeat["created_at"])


def _judge_missed_duplicates(script: Script, oracle: Oracle, messages: list[Row]) -> None:
    if any(isinstance(each, ClockSteps) and each.seconds < 0 for each in script.happenings):
        return  # What was written later than now is forgotten when the clock is set back.
    window = timedelta(seconds=script.settings.dedup) - oracle.slack
    latest: dict[tuple[int, str], Row] = {}
    for row in messages:
        if row["role"] != "user" or (row["type"], row["kind"]) != ("text", "message"):
            continue
        if row["wish"] is not None or row["mid"] in oracle.revisions.mids:
            continue
        key = row["conversation_id"], row["text"]
        first = latest.get(key)
        if first is None or row["outcome"] != "duplicate":
            latest[key] = row
        if first is None or row["outcome"] != "answered" or first["outcome"] != "answered":
            continue
        since, until = instant(first["created_at"]), instant(row["created_at"])
        spoke = any(
            since <= at + timedelta(seconds=1) and at <= until + timedelta(seconds=1)
            for at, to in oracle.spoken
            if to == contact_of(row)
        )
        if timedelta() <= until - since < window and not spoke and not _died_between(oracle, since):
            oracle.is_broken(
                Invariant.ONE_OUTCOME, f"{row['mid']} repeats {first['mid']} and was answered too"
            )


def _died_between(oracle: Oracle, since: datetime) -> bool:
    return any(death.at >= since for death in oracle.deaths)
