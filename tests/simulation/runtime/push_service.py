from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import peewee

from moca.core.messages.command import Command
from moca.core.messages.operators import AssignConversation
from moca.core.push import Push, PushAnswer, PushOutcome, PushSubscription
from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import Login, Operator, OperatorAccount
from moca.storage.db.push_tables import PushTarget
from tests.simulation.instagram.instagram import instant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.runtime.virtual_time import Backstage
from tests.simulation.worlds.script import Operates

OPERATORS = (("Ada", ()), ("Ben", ("17841400000000001",)), ("Cleo", ()))
"""Who has a browser, and the accounts to which they are limited; ids are from 1."""

_DELIVERED = PushAnswer(PushOutcome.DELIVERED)
_ANSWERS = (
    *(_DELIVERED,) * 6,
    *(PushAnswer(PushOutcome.FAILED, "503"),) * 3,
    PushAnswer(PushOutcome.REFUSED, "400"),
    PushAnswer(PushOutcome.GONE, "410"),
)


class SimulatedPushService:
    """Takes push messages for browsers; slowly at times, and not each of them."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(f"{seed}, and push services")
        self.backstage: Backstage | None = None
        self.asked: Callable[[Push, PushSubscription, PushAnswer], None] = lambda *_: None
        """Called with each attempt, and its answer."""

    def send(self, push: Push, subscription: PushSubscription) -> PushAnswer:
        answer = self._chance.choice(_ANSWERS)
        self.asked(push, subscription, answer)
        if self.backstage is not None:
            self.backstage.wait(self._chance.choice((0.05, 0.05, 0.3, 4)))
        return answer


def give_browsers(database: peewee.Database) -> None:
    """Store operators, each with a browser that wants push messages, before Moca starts."""
    at = instant(0)
    instants = {"opened_at": at, "seen_at": at, "ends_at": at + timedelta(days=365)}
    with database.atomic():
        for name, account_ids in OPERATORS:
            role = OperatorRole.ANSWERS
            operator = Operator.create(name=name, role=role, password_hash="", created_at=at)
            for account_id in account_ids:
                OperatorAccount.create(operator=operator, account_id=account_id)
            login = Login.create(key=name, operator=operator, **instants)
            endpoint = f"https://push.test/{name}"
            PushTarget.create(login=login, endpoint=endpoint, p256dh="", auth="", created_at=at)


def assignment(ledger: Ledger, act: Operates, at: datetime) -> Command | None:
    """Return the command by which a colleague assigns a conversation to an operator."""
    conversation = ledger.conversation(act.contact)
    if conversation is None:
        return None
    operator_id = 1 + int(act.text.split()[-1]) % len(OPERATORS)
    name = OPERATORS[operator_id - 1][0]
    return AssignConversation(conversation["id"], operator_id, name, by="Dora", at=at)
