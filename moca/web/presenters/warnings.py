from collections.abc import Iterable, Mapping
from datetime import datetime

from moca.core.accounts import TokenState, token_problem, warning
from moca.web.config import OK


def account_states(tokens: Iterable[TokenState], now: datetime) -> Mapping[str, str]:
    """Return for each token's account `ok`, or why it cannot send."""
    return {each.account_id: token_problem(each, now) or OK for each in tokens}


def warnings_of(
    tokens: Iterable[TokenState], quiet: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Return what an operator should act on, most urgent first.

    Args:
        tokens: Of all accounts.
        quiet: By account that no longer receives webhooks: the reason.
        now: Determines what has expired.
    """
    return (*_silences(quiet), *_tokens(tokens, now))


def warnings_for_strangers(
    tokens: Iterable[TokenState],
    states: Mapping[str, str],
    quiet: Mapping[str, str],
    now: datetime,
) -> tuple[str, ...]:
    """Return the same by kind and count, without naming an account.

    Args:
        tokens: Of all accounts.
        states: For every account `ok`, or why it cannot send.
        quiet: By account that no longer receives webhooks: the reason.
        now: Determines what has expired.
    """
    counts = {
        "no webhooks arrive any more for": len(quiet),
        "replies cannot be sent for": sum(state != OK for state in states.values()),
        "the access token expires soon for": sum(bool(warning(each, now)) for each in tokens),
    }
    return tuple(
        f"{what} {count} {'account' if count == 1 else 'accounts'}; see /statusz"
        for what, count in counts.items()
        if count
    )


def _tokens(tokens: Iterable[TokenState], now: datetime) -> tuple[str, ...]:
    known = tuple(tokens)
    ailing = tuple(_line(each, token_problem(each, now)) for each in known)
    coming = tuple(_line(each, warning(each, now)) for each in known)
    return tuple(line for line in (*ailing, *coming) if line)


def _silences(quiet: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"account {account_id}: {because}" for account_id, because in quiet.items())


def _line(token: TokenState, problem: str | None) -> str:
    return f"account {token.account_id}: {problem}" if problem else ""
