from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountScope:
    """The accounts whose conversations, contacts and figures a caller may see and change."""

    account_ids: frozenset[str] | None = None
    """None for all accounts."""

    @classmethod
    def of(cls, account_ids: Iterable[str]) -> "AccountScope":
        """Return the scope of a caller who is limited to these accounts; empty for no limit."""
        return cls(frozenset(account_ids) or None)

    @property
    def is_limited(self) -> bool:
        """Return whether there may be accounts outside it."""
        return self.account_ids is not None

    def of_account(self, account_id: str | None) -> "AccountScope":
        """Return the part of it that is one account; all of it for None, none if out of scope."""
        if account_id is None:
            return self
        return AccountScope(frozenset({account_id} if self.includes(account_id) else ()))

    def includes(self, account_id: str | None) -> bool:
        """Return whether it includes an account; None is of none, and only in unlimited scopes."""
        return self.account_ids is None or account_id in self.account_ids


ALL_ACCOUNTS = AccountScope()
