from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import Shown, SimulatedInstagram
from tests.simulation.instagram.texts import said_in
from tests.simulation.oracle.disclosure import judge_escalations
from tests.simulation.oracle.duplicates import judge_duplicates
from tests.simulation.oracle.flushes import judge_flushes
from tests.simulation.oracle.generations import judge_generations
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.oracle.retention import judge_retention
from tests.simulation.oracle.team.work_lists import judge_work_lists
from tests.simulation.runtime.generator import Generator
from tests.simulation.worlds.script import AnswersByHand, Writes
from tests.simulation.worlds.settings import HANDED_OVER


def judge_the_end(simulation: Any) -> None:
    """Judge what is left when everything has come to rest."""
    script, oracle, ledger = simulation.script, simulation.oracle, simulation.ledger
    instagram, generator = simulation.instagram, simulation.process.generator
    settings = script.settings
    if settings.retention is not None:
        retention = timedelta(seconds=settings.retention)
        judge_retention(oracle, ledger, simulation.clockwork, retention)
        return
    simulation.erasures.judge_the_end()
    if settings.escalates:
        judge_escalations(ledger, [each.texts for each in generator.asked], oracle.is_broken)
    gone = simulation.erasures.asked
    messages = [row for row in ledger.messages() if contact_of(row) not in gone]
    items = [row for row in ledger.items() if contact_of(row) not in gone]
    writes = {each.mid: each for each in script.happenings if isinstance(each, Writes)}
    by_hand = {each.mid for each in script.happenings if isinstance(each, AnswersByHand)}
    written = (writes[mid] for mid in simulation.contact_actions.written)
    told = {each.mid: each for each in written if each.contact not in gone}
    _judge_rows(oracle, messages, told, by_hand)
    oracle.revisions.judge_the_end()
    oracle.takeovers.judge_the_end()
    arrivals = [each for each in instagram.arrivals() if each[0] not in gone]
    _judge_outcomes(oracle, ledger, messages, items)
    _judge_arrivals(oracle, items, arrivals)
    _judge_signs(oracle, items, instagram)
    handed_over = {each["message_id"] for each in items if said_in(each) == HANDED_OVER}
    same = script.settings.same_texts
    _judge_answers(oracle, messages, arrivals, generator, same, handed_over)
    _judge_parts(oracle, arrivals, generator)
    _judge_parts_given_up(oracle, ledger, items)
    _judge_private_replies(oracle, items, arrivals)
    if oracle.keeps_order:
        _judge_order_of_answers(oracle, ledger, messages, items, generator)
    judge_flushes(script, oracle, ledger, messages, items, arrivals)
    again = ledger.steps("stage = 'deduplication' AND outcome = 'taken up'")
    judge_duplicates(script, oracle, messages, {step["message_id"] for step in again})
    judge_generations(oracle, ledger, generator, messages)
    judge_work_lists(oracle, ledger, messages)


def _judge_rows(
    oracle: Oracle, messages: list[dict[str, Any]], told: dict[str, Writes], by_hand: set[str]
) -> None:
    stored = Counter(row["mid"] for row in messages if row["role"] == "user")
    for mid in sorted(told):
        if stored[mid] != 1 and (stored[mid] or told[mid].delays):
            oracle.is_broken(
                Invariant.ACKNOWLEDGED_IS_STORED, f"{mid} is stored {stored[mid]} times"
            )
    for mid in sorted(set(stored) - set(told)):
        oracle.is_broken(Invariant.ECHOES, f"{mid} is nothing that a person wrote")
    for row in messages:
        if row["author"] == "human" and row["mid"] not in by_hand:
            oracle.is_broken(Invariant.ECHOES, f"{row['mid']} by Moca was taken for a person's")


_ENDING = (
    "stage IN ('outcome', 'deduplication') AND outcome <> 'passed' "
    "OR stage = 'settling' AND outcome = 'unknown' "
    "OR stage = 'queue' AND detail = 'retried by a teammate'"
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
            oracle.is_broken(Invariant.ONE_OUTCOME, f"{row['mid']} has no outcome")
        elif not row["because"]:
            oracle.is_broken(
                Invariant.ONE_OUTCOME, f"{row['mid']} is {row['outcome']} for no reason"
            )
        if endings[row["id"]] > 1 and replies.get(row["reply_id"]) not in again:
            oracle.is_broken(
                Invariant.ONE_OUTCOME, f"{row['mid']} ended {endings[row['id']]} times"
            )


def _judge_arrivals(
    oracle: Oracle, items: list[Row], arrivals: list[tuple[ContactKey, Shown]]
) -> None:
    came = Counter((contact, shown.said) for contact, shown in arrivals)
    sent: Counter[tuple[ContactKey, str]] = Counter()
    for row in items:
        if row["status"] == "sent" and row["kind"] != "reaction":
            sent[contact_of(row), said_in(row)] += 1
        elif row["status"] not in ("sent", "failed", "cancelled"):
            oracle.is_broken(Invariant.ONE_OUTCOME, f"item {row['id']} is {row['status']} for ever")
    for key in sorted(came | sent):
        if not sent[key] <= came[key] <= sent[key] + oracle.calls.unseen.get(key, 0):
            contact, text = key
            told = f"{sent[key]} sent, {came[key]} seen"
            oracle.is_broken(Invariant.NOTHING_TWICE, f"{text!r} to {contact.psid}: {told}")
    mids = [shown.mid for _, shown in arrivals]
    named = [row["mid"] for row in items if row["status"] == "sent" and row["mid"]]
    for mid in sorted(set(named) - set(mids)):
        oracle.is_broken(Invariant.NOTHING_TWICE, f"{mid} names nothing that arrived")


def _judge_signs(oracle: Oracle, items: list[Row], instagram: SimulatedInstagram) -> None:
    for row in items:
        is_put = row["kind"] == "reaction" and row["status"] == "sent"
        if is_put and (contact_of(row), said_in(row)) not in instagram.reactions:
            oracle.is_broken(
                Invariant.NOTHING_TWICE, f"item {row['id']} is sent, and nobody sees the sign"
            )


def _judge_answers(
    oracle: Oracle,
    messages: list[dict[str, Any]],
    arrivals: list[tuple[ContactKey, Shown]],
    generator: Generator,
    same: bool,
    handed_over: set[int],
) -> None:
    answers: Counter[str] = Counter()
    seen: set[str] = set()
    for contact, shown in arrivals:
        making = generator.made.get(shown.said)
        if making is not None and making.is_last:
            if (contact, shown.said) in oracle.calls.given_up:
                continue
            if not oracle.calls.unseen.get((contact, shown.said)) or shown.said not in seen:
                answers.update(making.mids)
            seen.add(shown.said)
            oracle.revisions.judge_answer(making, generator)
    for mid, times in sorted(answers.items()):
        if times > 1:
            oracle.is_broken(Invariant.NOTHING_TWICE, f"{mid} was answered {times} times")
    if same:
        return
    for row in messages:
        if row["role"] != "user" or row["wish"] is not None or row["deleted_at"] is not None:
            continue
        if row["reply_id"] in handed_over:
            continue
        if (row["outcome"] == "answered") != bool(answers[row["mid"]]):
            oracle.is_broken(
                Invariant.NOTHING_TWICE,
                f"{row['mid']} is {row['outcome']}, {answers[row['mid']]} came",
            )


def _judge_parts(
    oracle: Oracle, arrivals: list[tuple[ContactKey, Shown]], generator: Generator
) -> None:
    latest: dict[int, int] = defaultdict(int)
    for contact, shown in sorted(arrivals, key=lambda each: each[1].at):
        making = generator.made.get(shown.said)
        is_late_copy = oracle.calls.unseen.get((contact, shown.said), 0)
        if making is None or (is_late_copy and making.part == latest[making.number]):
            continue
        if making.part != latest[making.number] + 1:
            oracle.is_broken(
                Invariant.ORDER_OF_REPLIES,
                f"part {making.part} of reply {making.number} is out of order",
            )
        latest[making.number] = making.part


def _judge_parts_given_up(oracle: Oracle, ledger: Ledger, items: list[Row]) -> None:
    """Judge that a part is given up for an earlier one only where that was in doubt, or failed."""
    doubted = {step["message_id"] for step in ledger.steps("outcome = 'unknown'")}
    for item in items:
        if item["because"] != "an earlier part of the reply is unconfirmed":
            continue
        reply = item["part_of_id"]
        earlier = [
            each for each in items if each["part_of_id"] == reply and each["id"] < item["id"]
        ]
        if all(each["status"] == "sent" and each["message_id"] not in doubted for each in earlier):
            oracle.is_broken(
                Invariant.ONE_OUTCOME,
                f"item {item['id']} was given up though all before it arrived",
            )


def _judge_private_replies(
    oracle: Oracle, items: list[Row], arrivals: list[tuple[ContactKey, Shown]]
) -> None:
    mids = {shown.mid for _, shown in arrivals}
    sent = Counter(row["comment_id"] for row in items if row["mid"] in mids and row["comment_id"])
    for comment_id, times in sorted(sent.items()):
        if times > 1:
            oracle.is_broken(
                Invariant.NOTHING_TWICE, f"the comment {comment_id} got {times} private replies"
            )


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
            oracle.is_broken(
                Invariant.ORDER_OF_REPLIES,
                f"item {item['id']} answers what came before the answered",
            )
        latest[item["conversation_id"]] = first


def _unsent_beside(row: Row, messages: list[Row], generator: Generator) -> list[int]:
    """List what was unsent while the reply to it and to this message was made: its place stands."""
    made_of = [each.texts for each in generator.asked if row["mid"] in each.texts]
    together = made_of[-1] if made_of else {}
    return [each["id"] for each in messages if each["deleted_at"] and each["mid"] in together]
