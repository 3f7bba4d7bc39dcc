from collections.abc import Callable

from moca.core.types import BotVersion
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger

_VERSIONS = "SELECT MAX(number) FROM bot_version WHERE bot_id = ?"


class BotWatch:
    """Judges which bot, and which version of it, made each reply."""

    def __init__(self, ledger: Ledger, is_broken: Callable[[Invariant, str], None]) -> None:
        self._ledger = ledger
        self._is_broken = is_broken

    def judge_request(self, account_id: str, own: str, asked: BotVersion) -> None:
        """Judge which bot is asked for a reply, at the instant that it is asked."""
        if asked.name != own:
            self._is_broken(Invariant.OWN_BOT, f"{asked} is asked for {account_id}")
        newest = self._ledger.count(_VERSIONS, own)
        if asked.version != newest:
            self._is_broken(Invariant.OWN_BOT, f"{asked} is asked, published is {newest}")

    def judge_the_end(self, bot_of: Callable[[str], str]) -> None:
        """Judge what is stored of each reply: its account's bot made it, in one version."""
        by_reply: dict[int, set[object]] = {}
        for row in self._ledger.messages("m.generator IS NOT NULL"):
            stored = row["bot"], row["bot_version"]
            if row["bot"] != bot_of(row["account_id"]) or row["bot_version"] is None:
                what = f"message {row['id']} of {row['account_id']} is stored as by {stored}"
                self._is_broken(Invariant.OWN_BOT, what)
            by_reply.setdefault(row["part_of_id"] or row["id"], set()).add(stored)
        for message_id, makers in by_reply.items():
            if len(makers) > 1:
                self._is_broken(Invariant.OWN_BOT, f"reply {message_id} is by {makers}")
