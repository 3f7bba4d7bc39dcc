from collections.abc import Iterable, Mapping
from datetime import datetime

from moca.core.accounts import TokenState, ailment, warning
from moca.web.config import OK


def account_states(tokens: Iterable[TokenState], now: datetime) -> Mapping[str, str]:
    """Say of each token's account `ok`, or why nothing can be sent in its name."""
    return {each.account_id: ailment(each, now) or OK for each in tokens}


def warnings_of(
    tokens: Iterable[TokenState], quiet: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Say what a person should act on, most pressing first.

    Args:
        tokens: of all accounts.
        quiet: by account from which no webhook comes any more, why.
        now: for what is old by now.
    """
    return (*_silences(quiet), *_tokens(tokens, now))


def warnings_for_strangers(
    tokens: Iterable[TokenState],
    states: Mapping[str, str],
    quiet: Mapping[str, str],
    now: datetime,
) -> tuple[str, ...]:
    """Say the same by kind and count, without naming an account.

    Args:
        tokens: of all accounts.
        states: of all accounts `ok`, or why nothing can be sent in each one's name.
        quiet: by account from which no webhook comes any more, why.
        now: for what is old by now.
    """
    counts = {
        "no webhook comes any more for": len(quiet),
        "nothing can be sent for": sum(state != OK for state in states.values()),
        "the access token soon ends of": sum(bool(warning(each, now)) for each in tokens),
    }
    return tuple(
        f"{what} {count} {'account' if count == 1 else 'accounts'}; see /statusz"
        for what, count in counts.items()
        if count
    )


def _tokens(tokens: Iterable[TokenState], now: datetime) -> tuple[str, ...]:
    known = tuple(tokens)
    ailing = tuple(_line(each, ailment(each, now)) for each in known)
    coming = tuple(_line(each, warning(each, now)) for each in known)
    return tuple(line for line in (*ailing, *coming) if line)


def _silences(quiet: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"account {account_id}: {because}" for account_id, because in quiet.items())


def _line(token: TokenState, told: str | None) -> str:
    return f"account {token.account_id}: {told}" if told else ""
