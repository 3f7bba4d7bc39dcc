from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from actors.background.jobs import BackgroundConfig
from actors.background.reconciliation import ReconciliationConfig
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.storage.db.metric_tables import ArrivalHour
from moca.storage.db.tables import Message
from tests.support.factory import ANNA, calls_at
from tests.support.system import SteppedSystem

ACCOUNT, PSID = ANNA
FIVE_MINUTES = timedelta(minutes=5)


class UnheardContacts:
    """Contacts of a Moca that some webhooks never reach."""

    def __init__(
        self,
        open_system: Callable[..., SteppedSystem],
        url: str,
        reached: list[bytes],
        instagram: SandboxInstagram,
        every: timedelta | None,
        asked: list[tuple[datetime, str]],
        **more: Any,
    ) -> None:
        self.instagram = instagram
        self.asked = asked
        self.reached = reached
        connect = calls_at(f"{url}/graph", instagram.accounts.token_for)
        comparing = ReconciliationConfig(lambda: GraphClient(connect, 5), every, ACCOUNT)
        self.system = open_system(background=BackgroundConfig(comparing=comparing, **more))

    def write(self, text: str, psid: str = PSID) -> str:
        """Write a message, and send its webhook unless webhooks are lost."""
        mid = self.instagram.write(psid, text)
        self.bring()
        return mid

    def write_app_reply(self, text: str) -> str:
        mid = self.instagram.write_app_reply(PSID, text)
        self.bring()
        return mid

    def bring(self) -> None:
        while self.reached:
            self.system.receive_body(self.reached.pop(0))

    def loses(self, *troubles: AccountProblem) -> None:
        self.instagram.troubles.become(troubles)

    def counts(self) -> tuple[int, int]:
        rows = self.system.rows(ArrivalHour.select(ArrivalHour.delivered, ArrivalHour.missed))
        return tuple(sum(column) for column in zip(*rows, strict=True))

    def mids(self) -> list[str]:
        return [mid for (mid,) in self.system.rows(Message.select(Message.mid))]
