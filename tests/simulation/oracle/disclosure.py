from collections.abc import Callable

from moca.core.content.content import Content
from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import SimulatedInstagram
from tests.simulation.instagram.texts import said
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.worlds.settings import DISCLOSURE, ESCALATION_WORD


class Disclosures:
    """Watches that the bot says what it is before it says anything else to a contact."""

    def __init__(
        self,
        ledger: Ledger,
        instagram: SimulatedInstagram,
        is_broken: Callable[[Invariant, str], None],
    ) -> None:
        self._ledger = ledger
        self._instagram = instagram
        self._is_broken = is_broken

    def judge_call(self, contact: ContactKey, content: Content) -> None:
        """Judge a call that says something for the bot."""
        text = said(content)
        if text.startswith(DISCLOSURE) or not self._is_by_bot(contact, text):
            return
        shown = self._instagram.threads[contact]
        told = any(each.by_moca and each.said.startswith(DISCLOSURE) for each in shown)
        if not told:
            what = f"{contact.psid} is not told before {text!r} that a bot speaks"
            self._is_broken(Invariant.DISCLOSURE, what)

    def _is_by_bot(self, contact: ContactKey, text: str) -> bool:
        where = "k.psid = ? AND k.account_id = ? AND q.status = 'sending' AND m.author = 'bot'"
        items = self._ledger.items(where, contact.psid, contact.account_id)
        return any(item["text"] == text for item in items)


def judge_escalations(
    ledger: Ledger, asked: list[dict[str, str]], is_broken: Callable[[Invariant, str], None]
) -> None:
    """Judge that a message with a word of escalation is left to a person, and not generated for."""
    for texts in asked:
        for mid, text in texts.items():
            if ESCALATION_WORD in text:
                is_broken(Invariant.ESCALATION, f"a reply was generated to {mid}")
    rows = ledger.messages("m.role = 'user' AND m.outcome = 'answered' AND m.wish IS NULL")
    for row in rows:
        if ESCALATION_WORD not in row["text"]:
            continue
        replies = ledger.items("m.id = ?", row["reply_id"])
        if [each["parting"] for each in replies] != ["hand_over"]:
            is_broken(Invariant.ESCALATION, f"{row['mid']} was answered and handed to nobody")
