from collections.abc import Iterable, Mapping
from datetime import datetime

from moca.core.tokens import ailment, warning
from moca.storage.reads.accounts import AccountRecord
from moca.web.health import OK


def account_states(accounts: Iterable[AccountRecord], now: datetime) -> Mapping[str, str]:
    """Say of each connected account `ok`, or why nothing can be sent in its name."""
    return {each.account_id: ailment(each.token, now) or OK for each in accounts}


def account_warnings(accounts: Iterable[AccountRecord], now: datetime) -> tuple[str, ...]:
    """Say what a person should act on, most pressing first."""
    known = tuple(accounts)
    ailing = tuple(_line(each, ailment(each.token, now)) for each in known)
    coming = tuple(_line(each, warning(each.token, now)) for each in known)
    return tuple(line for line in (*ailing, *coming) if line)


def silence_warnings(quiet: Mapping[str, str]) -> tuple[str, ...]:
    """Say for which accounts no webhook comes any more, and what to do."""
    return tuple(f"account {account_id}: {because}" for account_id, because in quiet.items())


def _line(account: AccountRecord, told: str | None) -> str:
    return f"account {account.account_id}: {told}" if told else ""
