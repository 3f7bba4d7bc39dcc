from datetime import datetime

from moca.core.push import PushSubscription, SubscriptionKeys
from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import Login, Operator
from moca.storage.db.push_tables import PUSH_KEY, PushTarget
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.secret import KeptSecret
from moca.storage.queries.team.account_scope import sees_account

_MAX_SUBSCRIPTIONS = 500
_ANSWERING = (OperatorRole.ANSWERS, OperatorRole.ADMINISTERS)


def sealed_push_key() -> str | None:
    """Return the encrypted key that signs push messages; None if none was made yet."""
    query = KeptSecret.select(KeptSecret.value).where(KeptSecret.name == PUSH_KEY)
    row = next(iter(read_rows(query)), None)
    return None if row is None else bytes(row[0]).decode()


def is_push_target(login_id: int, endpoint: str) -> bool:
    """Return whether a session's browser gets push messages at this address."""
    is_it = (PushTarget.login == login_id) & (PushTarget.endpoint == endpoint)
    return bool(PushTarget.select().where(is_it).exists())


def list_subscriptions(
    account_id: str, operator_id: int | None, at: datetime
) -> tuple[PushSubscription, ...]:
    """Return the browsers of an operator's open sessions; of all who may answer if it is None.

    Only of those who see the account.
    """
    open_sessions = PushTarget.select().join(Login).join(Operator).where(Login.ends_at > at)
    query = open_sessions.where(sees_account(account_id))
    answering = Operator.role << _ANSWERING
    wanted = query.where(answering if operator_id is None else Operator.id == operator_id)
    rows = read_dicts(wanted.order_by(PushTarget.id).limit(_MAX_SUBSCRIPTIONS))
    return tuple(
        PushSubscription(row["id"], row["endpoint"], SubscriptionKeys(row["p256dh"], row["auth"]))
        for row in rows
    )
