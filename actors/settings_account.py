from collections.abc import Callable
from threading import Lock

from moca.instagram.account_check import CheckUnanswered, Fault


class SettingsAccount:
    """The account whose access token is in the settings. Thread-safe.

    In the sandbox the token speaks for every account. In live mode it is used for
    `instagram.account_id` alone or, if that is unset, for the account that Instagram reports.

    Args:
        account_id: Empty if the settings name none.
        token: Empty if there is none.
        is_live: Whether the accounts are real.
        ask: Asks Instagram which account the token speaks for; returns None if unknown.
    """

    def __init__(
        self, *, account_id: str, token: str, is_live: bool, ask: Callable[[], str | Fault | None]
    ) -> None:
        self._account_id = account_id
        self._token = token
        self._is_live = is_live
        self._ask = ask
        self._lock = Lock()

    def may_own(self, account_id: str) -> bool:
        """Return False if the token certainly does not speak for this account; makes no call."""
        if not self._is_live:
            return True
        return bool(self._token) and self._account_id in {"", account_id}

    def token_for(self, account_id: str) -> str | None:
        """Return the token if it speaks for this account; may wait for Instagram's answer.

        An empty id means the account of the settings, whichever that is.
        """
        if not self._is_live or not account_id:
            return self._token or None
        return self._token if self._token and self._speaks_for(account_id) else None

    def _speaks_for(self, account_id: str) -> bool:
        with self._lock:
            if not self._account_id:
                found = self._ask()
                if not isinstance(found, str):
                    # Only a missing answer is retried: a refusal would be the same the next time.
                    return not isinstance(found, CheckUnanswered)
                self._account_id = found
            return self._account_id == account_id
