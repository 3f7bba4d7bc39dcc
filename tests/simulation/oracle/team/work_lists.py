from moca.core.reasons import stored_reason
from moca.core.types import Outcome
from moca.core.work_lists import waits_for_person
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of
from tests.simulation.oracle.oracle import Oracle


def judge_work_lists(oracle: Oracle, ledger: Ledger, messages: list[Row]) -> None:
    """Judge that a contact's last words that are left to the team show in *Needs reply*.

    And that the conversations with a label are listed in the order of their activity.
    """
    for label in ledger.labels():
        if label["last_activity_at"] != label["active_at"]:
            told = f"conversation {label['conversation_id']} is listed out of order"
            oracle.is_broken(Invariant.LABELLED, told)
    latest = {row["conversation_id"]: row for row in messages if row["kind"] != "reaction"}
    retried = {step["message_id"] for step in ledger.steps("detail = 'retried by a teammate'")}
    approved = _approved_drafts(ledger, messages)
    for conversation in ledger.conversations():
        since, row = conversation["needs_reply_since"], latest.get(conversation["id"])
        if conversation["status"] == "closed":
            if since is not None:
                oracle.is_broken(Invariant.NEEDS_REPLY, "a closed conversation is")
            continue
        if row is None or since is not None or row["id"] in retried or not _is_left(row):
            continue
        if approved.get(conversation["id"], 0) > row["created_at"]:
            continue
        if contact_of(row) not in oracle.freed:
            oracle.is_broken(Invariant.NEEDS_REPLY, f"{row['mid']} is in no work list")


def _approved_drafts(ledger: Ledger, messages: list[Row]) -> dict[int, int]:
    """Return when a teammate's draft was last approved, by conversation: it answers all until then.

    Its message was stored when it was drafted.
    """
    drafted = {row["id"]: row["conversation_id"] for row in messages if row["author"] == "operator"}
    return {
        drafted[step["message_id"]]: step["at"]
        for step in ledger.steps("detail = 'approved by a teammate'")
        if step["message_id"] in drafted
    }


def _is_left(row: Row) -> bool:
    if row["role"] != "user" or row["outcome"] is None or row["wish"] is not None:
        return False
    reason = stored_reason(row["reason"], row["because"])
    return waits_for_person(Outcome(row["outcome"]), reason)
