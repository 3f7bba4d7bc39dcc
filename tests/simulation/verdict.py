import itertools
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from moca.core.inbound.event_rules import is_tap
from moca.core.types import ContactKey
from tests.simulation.generations import judge_generations
from tests.simulation.generator import Generator
from tests.simulation.instagram import Instagram, Shown
from tests.simulation.instagram import instant as at_second
from tests.simulation.ledger import Ledger, Row, contact_of, instant
from tests.simulation.oracle import Oracle
from tests.simulation.sayings import said_in
from tests.simulation.script import AnswersByHand, Script, Writes


def judge_the_end(simulation: Any) -> None:
    """Judge what is left when everything has come to rest."""
    script, oracle, ledger = simulation.script, simulation.oracle, simulation.ledger
    instagram, generator = simulation.instagram, simulation.process.generator
    messages, items = ledger.messages(), ledger.items()
    writes = {each.mid: each for each in script.happenings if isinstance(each, Writes)}
    by_hand = {each.mid for each in script.happenings if isinstance(each, AnswersByHand)}
    told = {mid: writes[mid] for mid in simulation.doings.written}
    _judge_rows(oracle, messages, told, by_hand)
    oracle.revisions.judge_the_end()
    oracle.takeovers.judge_the_end()
    arrivals = instagram.arrivals()
    _judge_outcomes(oracle, ledger, messages, items)
    _judge_arrivals(oracle, items, arrivals)
    _judge_signs(oracle, items, instagram)
    _judge_answers(oracle, messages, arrivals, generator, same=script.figures.same_texts)
    _judge_parts(oracle, arrivals, generator)
    _judge_parts_given_up(oracle, ledger, items)
    _judge_private_replies(oracle, items, arrivals)
    if not oracle.has_lost_events:
        _judge_order_of_answers(oracle, ledger, messages, items, generator)
    _judge_flushes(script, oracle, ledger, messages, items, arrivals)
    _judge_duplicates(script, oracle, messages)
    judge_generations(oracle, generator, items)


def _judge_rows(oracle, messages, told: dict[str, Writes], by_hand: set[str]) -> None:
    stored = Counter(row["mid"] for row in messages if row["role"] == "user")
    for mid in sorted(told):
        if stored[mid] != 1 and (stored[mid] or told[mid].delays):
            oracle.is_broken(1, f"{mid} is stored {stored[mid]} times")
    for mid in sorted(set(stored) - set(told)):
        oracle.is_broken(8, f"{mid} is nothing that a person wrote")
    for row in messages:
        if row["author"] == "human" and row["mid"] not in by_hand:
            oracle.is_broken(8, f"{row['mid']} by Moca was taken for a person's")


_ENDING = (
    "stage IN ('outcome', 'deduplication') AND outcome <> 'passed' "
    "OR stage = 'settling' AND outcome = 'unknown' "
    "OR stage = 'queue' AND detail = 'the operator asked for it'"
)
_TAKEN_BACK = ("taken up", "unknown", "queued")
"""What repeats a message that was unsent or edited is answered after all; and what seemed answered
is not where the echo of its reply turns out to be another's, or where the operator has it tried
again."""


def _judge_outcomes(oracle: Oracle, ledger: Ledger, messages: list[Row], items: list[Row]) -> None:
    endings: Counter[int] = Counter()
    for step in ledger.steps(_ENDING):
        endings[step["message_id"]] += -1 if step["outcome"] in _TAKEN_BACK else 1
    replies = {each["message_id"]: each["part_of_id"] or each["message_id"] for each in items}
    again = {replies[each["message_id"]] for each in items if each["id"] in oracle.overruled}
    for row in messages:
        if row["role"] != "user":
            continue
        if row["outcome"] is None:
            oracle.is_broken(2, f"{row['mid']} has no outcome")
        elif not row["because"]:
            oracle.is_broken(2, f"{row['mid']} is {row['outcome']} for no reason")
        if endings[row["id"]] > 1 and replies.get(row["reply_id"]) not in again:
            oracle.is_broken(2, f"{row['mid']} ended {endings[row['id']]} times")


def _judge_arrivals(
    oracle: Oracle, items: list[Row], arrivals: list[tuple[ContactKey, Shown]]
) -> None:
    came = Counter((contact, shown.said) for contact, shown in arrivals)
    sent: Counter[tuple[ContactKey, str]] = Counter()
    for row in items:
        if row["status"] == "sent" and row["kind"] != "reaction":
            sent[contact_of(row), said_in(row)] += 1
        elif row["status"] not in ("sent", "failed", "cancelled"):
            oracle.is_broken(2, f"item {row['id']} is {row['status']} for ever")
    for key in sorted(came | sent):
        if not sent[key] <= came[key] <= sent[key] + oracle.calls.unseen.get(key, 0):
            contact, text = key
            told = f"{sent[key]} sent, {came[key]} seen"
            oracle.is_broken(3, f"{text!r} to {contact.psid}: {told}")
    mids = [shown.mid for _, shown in arrivals]
    named = [row["mid"] for row in items if row["status"] == "sent" and row["mid"]]
    for mid in sorted(set(named) - set(mids)):
        oracle.is_broken(3, f"{mid} names nothing that arrived")


def _judge_signs(oracle: Oracle, items: list[Row], instagram: Instagram) -> None:
    for row in items:
        is_put = row["kind"] == "reaction" and row["status"] == "sent"
        if is_put and (contact_of(row), said_in(row)) not in instagram.reactions:
            oracle.is_broken(3, f"item {row['id']} is sent, and nobody sees the sign")


def _judge_answers(oracle, messages, arrivals, generator: Generator, same: bool) -> None:
    answers: Counter[str] = Counter()
    seen: set[str] = set()
    for contact, shown in arrivals:
        making = generator.made.get(shown.said)
        if making is not None and making.is_last:
            if not oracle.calls.unseen.get((contact, shown.said)) or shown.said not in seen:
                answers.update(making.mids)
            seen.add(shown.said)
            oracle.revisions.judge_answer(making, generator)
    for mid, times in sorted(answers.items()):
        if times > 1:
            oracle.is_broken(3, f"{mid} was answered {times} times")
    if same:
        return
    for row in messages:
        if row["role"] != "user" or row["wish"] is not None or row["deleted_at"] is not None:
            continue
        if (row["outcome"] == "answered") != bool(answers[row["mid"]]):
            oracle.is_broken(3, f"{row['mid']} is {row['outcome']}, {answers[row['mid']]} came")


def _judge_parts(oracle: Oracle, arrivals, generator: Generator) -> None:
    latest: dict[int, int] = defaultdict(int)
    for contact, shown in sorted(arrivals, key=lambda each: each[1].at):
        making = generator.made.get(shown.said)
        is_late_copy = oracle.calls.unseen.get((contact, shown.said), 0)
        if making is None or (is_late_copy and making.part == latest[making.number]):
            continue
        if making.part != latest[making.number] + 1:
            oracle.is_broken(5, f"part {making.part} of reply {making.number} is out of order")
        latest[making.number] = making.part


def _judge_parts_given_up(oracle: Oracle, ledger: Ledger, items: list[Row]) -> None:
    """Judge that a part is given up for an earlier one only where that was in doubt, or failed."""
    doubted = {step["message_id"] for step in ledger.steps("outcome = 'unknown'")}
    for item in items:
        if item["because"] != "it is not known whether an earlier part arrived":
            continue
        reply = item["part_of_id"]
        earlier = [
            each for each in items if each["part_of_id"] == reply and each["id"] < item["id"]
        ]
        if all(each["status"] == "sent" and each["message_id"] not in doubted for each in earlier):
            oracle.is_broken(2, f"item {item['id']} was given up though all before it arrived")


def _judge_private_replies(oracle: Oracle, items: list[Row], arrivals) -> None:
    mids = {shown.mid for _, shown in arrivals}
    sent = Counter(row["comment_id"] for row in items if row["mid"] in mids and row["comment_id"])
    for comment_id, times in sorted(sent.items()):
        if times > 1:
            oracle.is_broken(3, f"the comment {comment_id} got {times} private replies")


def _judge_order_of_answers(
    oracle: Oracle, ledger: Ledger, messages: list[Row], items: list[Row], generator: Generator
) -> None:
    first_input: dict[int, int] = {}
    again = ledger.steps("outcome = 'taken up' OR (stage = 'queue' AND outcome = 'outdated')")
    late = {step["message_id"] for step in again}
    # What was put aside or edited late has no place in the order, and a wish is granted at once.
    apart = {row["reply_id"] for row in messages if row["wish"] is not None or row["id"] in late}
    for row in messages:
        if row["reply_id"] is not None and row["reply_id"] not in apart:
            first = min((row["id"], *_unsent_beside(row, messages, generator)))
            first_input.setdefault(row["reply_id"], first)
    latest: dict[int, int] = {}
    for item in items:
        first = first_input.get(item["message_id"])
        never_left = item["status"] == "cancelled" and not item["attempts"]
        if first is None or never_left:
            continue
        if first < latest.get(item["conversation_id"], 0):
            oracle.is_broken(5, f"item {item['id']} answers what came before the answered")
        latest[item["conversation_id"]] = first


def _unsent_beside(row: Row, messages: list[Row], generator: Generator) -> list[int]:
    """List what was unsent while the reply to it and to this message was made: its place stands."""
    made_of = [each.texts for each in generator.asked if row["mid"] in each.texts]
    together = made_of[-1] if made_of else {}
    return [each["id"] for each in messages if each["deleted_at"] and each["mid"] in together]


def _judge_flushes(script, oracle, ledger, messages, items, arrivals) -> None:
    cooldown = timedelta(seconds=script.figures.cooldown) - oracle.slack
    talk_of = {row["id"]: row["conversation_id"] for row in messages}
    taps = {row["id"] for row in messages if is_tap(row["kind"], row["type"])}
    pressed: set[tuple[int, datetime]] = set()
    flushes: dict[int, dict[datetime, int]] = defaultdict(dict)
    for step in ledger.steps("outcome = 'flushed'"):
        talk, at = talk_of[step["message_id"]], instant(step["at"])
        flushes[talk].setdefault(at, step["id"])
        if step["message_id"] in taps:
            pressed.add((talk, at))
    talk_of_mid = {row["mid"]: row["conversation_id"] for row in items if row["author"] == "bot"}
    for talk, times in sorted(flushes.items()):
        for before, after in itertools.pairwise(times):
            died = _died_amid(oracle, before, after, times[after])
            if after - before < cooldown and not died and (talk, after) not in pressed:
                oracle.is_broken(5, f"talk {talk} flushed {after - before} after it had")
        heard = [
            min(shown.at, oracle.known_at.get(shown.mid, shown.at))
            for _, shown in arrivals
            if talk_of_mid.get(shown.mid) == talk
        ]
        for flush in (each for each in times if (talk, each) not in pressed):
            for at in heard:
                if timedelta() < flush - at < cooldown and flush - at > oracle.slack:
                    oracle.is_broken(5, f"talk {talk} flushed {flush - at} after a reply")


def _died_amid(oracle: Oracle, before: datetime, after: datetime, step_id: int) -> bool:
    """Tell whether a flush may be lost with the process that died before the next was written."""
    return any(
        before - oracle.slack <= death.at <= after + oracle.slack and death.last_step_id < step_id
        for death in oracle.deaths
    )


def _judge_duplicates(script: Script, oracle: Oracle, messages: list[Row]) -> None:
    window = timedelta(seconds=script.figures.dedup)
    by_id = {row["id"]: row for row in messages}
    for row in messages:
        if row["outcome"] != "duplicate":
            continue
        first = by_id.get(row["duplicate_of_id"])
        if first is None:
            oracle.is_broken(2, f"{row['mid']} is a duplicate of nothing")
            continue
        after = instant(row["created_at"]) - instant(first["created_at"])
        if {row["mid"], first["mid"]} & oracle.revisions.mids:
            continue
        alike = first["text"] == row["text"] and contact_of(first) == contact_of(row)
        if not alike or row["type"] != "text" or row["kind"] != "message" or after >= window:
            oracle.is_broken(2, f"{row['mid']} does not repeat {first['mid']}")
        if oracle.has_answered_between(first, row):
            oracle.is_broken(2, f"{row['mid']} repeats {first['mid']}, answered long before")
    _judge_missed_duplicates(script, oracle, messages)


def _judge_missed_duplicates(script: Script, oracle: Oracle, messages: list[Row]) -> None:
    window = timedelta(seconds=script.figures.dedup) - oracle.slack
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
            oracle.is_broken(2, f"{row['mid']} repeats {first['mid']} and was answered too")


def _died_between(oracle: Oracle, since) -> bool:
    return any(death.at >= since for death in oracle.deaths)


__all__ = ["at_second", "judge_the_end"]
