from collections.abc import Iterable, Mapping
from datetime import datetime

from moca.core.tokens import ailment, warning
from moca.storage.reads.accounts import AccountRecord
from moca.web.health import OK


def account_states(accounts: Iterable[AccountRecord], now: datetime) -> Mapping[str, str]:
    """Say of each connected account `ok`, or why nothing can be sent in its name."""
    return {each.account_id: ailment(each.token, now) or OK for each in accounts}


def warnings_of(
    accounts: Iterable[AccountRecord], quiet: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Say what a person should act on, most pressing first.

    Args:
        accounts: those connected.
        quiet: by account from which no webhook comes any more, why.
        now: for what is old by now.
    """
    return (*_silences(quiet), *_tokens(accounts, now))


def warnings_for_strangers(
    accounts: Iterable[AccountRecord],
    states: Mapping[str, str],
    quiet: Mapping[str, str],
    now: datetime,
) -> tuple[str, ...]:
    """Say the same by kind and count, without naming an account.

    Args:
        accounts: those connected.
        states: of all accounts `ok`, or why nothing can be sent in each one's name.
        quiet: by account from which no webhook comes any more, why.
        now: for what is old by now.
    """
    counts = {
        "no webhook comes any more for": len(quiet),
        "nothing can be sent for": sum(state != OK for state in states.values()),
        "the access token soon ends of": sum(bool(warning(each.token, now)) for each in accounts),
    }
    return tuple(
        f"{what} {count} {'account' if count == 1 else 'accounts'}; see /statusz"
        for what, count in counts.items()
        if count
    )


def _tokens(accounts: Iterable[AccountRecord], now: datetime) -> tuple[str, ...]:
    known = tuple(accounts)
    ailing = tuple(_line(each, ailment(each.token, now)) for each in known)
    coming = tuple(_line(each, warning(each.token, now)) for each in known)
    return tuple(line for line in (*ailing, *coming) if line)


def _silences(quiet: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"account {account_id}: {because}" for account_id, because in quiet.items())


def _line(account: AccountRecord, told: str | None) -> str:
    return f"account {account.account_id}: {told}" if told else ""
