import itertools
import re
from collections import Counter, defaultdict
from datetime import timedelta

from moca.core.contact import ContactKey
from moca.instagram.sandbox.threads import SandboxMessage
from tests.simulation.instagram import Instagram
from tests.simulation.instagram import instant as at_second
from tests.simulation.ledger import Ledger, Row, contact_of, instant
from tests.simulation.oracle import Oracle
from tests.simulation.script import AnswersByHand, Script, Writes


def judge_the_end(script: Script, oracle: Oracle, ledger: Ledger, instagram: Instagram) -> None:
    """Judge what is left when everything has come to rest."""
    messages, items = ledger.messages(), ledger.items()
    writes = {each.mid: each for each in script.happenings if isinstance(each, Writes)}
    by_hand = {each.mid for each in script.happenings if isinstance(each, AnswersByHand)}
    told = {mid: writes[mid] for mid in instagram.told}
    _judge_rows(oracle, messages, told, by_hand)
    arrivals = instagram.arrivals()
    _judge_outcomes(oracle, ledger, messages, items)
    _judge_arrivals(oracle, items, arrivals)
    _judge_answers(oracle, messages, items, arrivals, same=script.figures.same_texts)
    _judge_order_of_answers(oracle, messages, items)
    _judge_flushes(script, oracle, ledger, messages, items, arrivals)
    _judge_duplicates(script, oracle, messages)


def _judge_rows(oracle, messages, told: dict[str, Writes], by_hand: set[str]) -> None:
    stored = Counter(row["mid"] for row in messages if row["role"] == "user")
    for mid in sorted(told):
        if stored[mid] != 1:
            oracle.is_broken(1, f"{mid} is stored {stored[mid]} times")
    for mid in sorted(set(stored) - set(told)):
        oracle.is_broken(8, f"{mid} is nothing that a person wrote")
    for row in messages:
        if row["author"] == "human" and row["mid"] not in by_hand:
            oracle.is_broken(8, f"{row['mid']} by Moca was taken for a person's")


def _judge_outcomes(oracle: Oracle, ledger: Ledger, messages: list[Row], items: list[Row]) -> None:
    endings = defaultdict(int)
    for step in ledger.steps("stage IN ('outcome', 'deduplication') AND outcome <> 'passed'"):
        endings[step["message_id"]] += 1
    reopened = {each["message_id"] for each in items if each["id"] in oracle.overruled}
    for row in messages:
        if row["role"] != "user":
            continue
        if row["outcome"] is None:
            oracle.is_broken(2, f"{row['mid']} has no outcome")
        elif not row["because"]:
            oracle.is_broken(2, f"{row['mid']} is {row['outcome']} for no reason")
        if endings[row["id"]] > 1 and row["reply_id"] not in reopened:
            oracle.is_broken(2, f"{row['mid']} ended {endings[row['id']]} times")


def _judge_arrivals(
    oracle: Oracle, items: list[Row], arrivals: list[tuple[ContactKey, SandboxMessage]]
) -> None:
    came = Counter((contact, message.text) for contact, message in arrivals)
    sent: Counter[tuple[ContactKey, str]] = Counter()
    for row in items:
        if row["status"] == "sent":
            sent[contact_of(row), row["text"]] += 1
        elif row["status"] not in ("failed", "cancelled"):
            oracle.is_broken(2, f"item {row['id']} is {row['status']} for ever")
    for key in sorted(came | sent):
        if came[key] != sent[key]:
            contact, text = key
            told = f"{sent[key]} sent, {came[key]} seen"
            oracle.is_broken(3, f"{text!r} to {contact.psid}: {told}")
    mids = [message.mid for _, message in arrivals]
    named = [row["mid"] for row in items if row["status"] == "sent" and row["mid"]]
    for mid in sorted(set(named) - set(mids)):
        oracle.is_broken(3, f"{mid} names nothing that arrived")


def _judge_answers(oracle, messages, items, arrivals, same: bool) -> None:
    answers: Counter[str] = Counter()
    for _, message in arrivals:
        if found := re.fullmatch(r"re (\S+) #\d+", message.text):
            answers.update(found[1].split(","))
    for mid, times in sorted(answers.items()):
        if times > 1:
            oracle.is_broken(3, f"{mid} was answered {times} times")
    if same:
        return
    for row in messages:
        if row["role"] != "user" or row["wish"] is not None:
            continue
        if (row["outcome"] == "answered") != bool(answers[row["mid"]]):
            oracle.is_broken(3, f"{row['mid']} is {row['outcome']}, {answers[row['mid']]} came")


def _judge_order_of_answers(oracle: Oracle, messages: list[Row], items: list[Row]) -> None:
    first_input: dict[int, int] = {}
    for row in messages:
        if row["reply_id"] is not None:
            first_input.setdefault(row["reply_id"], row["id"])
    latest: dict[int, int] = {}
    for item in items:
        first = first_input.get(item["message_id"])
        if first is None:
            continue
        if first < latest.get(item["conversation_id"], 0):
            oracle.is_broken(5, f"item {item['id']} answers what came before the answered")
        latest[item["conversation_id"]] = first


def _judge_flushes(script, oracle, ledger, messages, items, arrivals) -> None:
    cooldown = timedelta(seconds=script.figures.cooldown) - oracle.slack
    talk_of = {row["id"]: row["conversation_id"] for row in messages}
    flushes: dict[int, set[int]] = defaultdict(set)
    for step in ledger.steps("outcome = 'flushed'"):
        flushes[talk_of[step["message_id"]]].add(step["at"])
    talk_of_mid = {row["mid"]: row["conversation_id"] for row in items if row["author"] == "bot"}
    for talk, instants in sorted(flushes.items()):
        times = [instant(each) for each in sorted(instants)]
        for before, after in itertools.pairwise(times):
            died = any(before - oracle.slack <= at[1] <= after for at in oracle.died_at)
            if after - before < cooldown and not died:
                oracle.is_broken(5, f"talk {talk} flushed {after - before} after it had")
        heard = [
            min(message.at, oracle.known_at.get(message.mid, message.at))
            for _, message in arrivals
            if talk_of_mid.get(message.mid) == talk
        ]
        for flush in times:
            for at in heard:
                if timedelta() < flush - at < cooldown and flush - at > oracle.slack:
                    oracle.is_broken(5, f"talk {talk} flushed {flush - at} after a reply")


def _judge_duplicates(script: Script, oracle: Oracle, messages: list[Row]) -> None:
    window = timedelta(seconds=script.figures.dedup) + oracle.slack
    by_id = {row["id"]: row for row in messages}
    for row in messages:
        if row["outcome"] != "duplicate":
            continue
        first = by_id.get(row["duplicate_of_id"])
        if first is None:
            oracle.is_broken(2, f"{row['mid']} is a duplicate of nothing")
            continue
        after = instant(row["created_at"]) - instant(first["created_at"])
        alike = first["text"] == row["text"] and contact_of(first) == contact_of(row)
        if not alike or row["type"] != "text" or row["kind"] != "message" or after > window:
            oracle.is_broken(2, f"{row['mid']} does not repeat {first['mid']}")
    _judge_missed_duplicates(script, oracle, messages)


def _judge_missed_duplicates(script: Script, oracle: Oracle, messages: list[Row]) -> None:
    window = timedelta(seconds=script.figures.dedup) - oracle.slack
    latest: dict[tuple[int, str], Row] = {}
    for row in messages:
        if row["role"] != "user" or (row["type"], row["kind"]) != ("text", "message"):
            continue
        if row["wish"] is not None:
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
    return any(at[1] >= since for at in oracle.died_at)


__all__ = ["at_second", "judge_the_end"]
