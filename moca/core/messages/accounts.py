from dataclasses import dataclass
from datetime import datetime

from moca.core.accounts import Account, SealedToken
from moca.core.messages.command import AuditText, AwaitedCommand, Command
from moca.core.profile import ProfileFingerprints


@dataclass(frozen=True, slots=True)
class StoreAccount(AwaitedCommand):
    """Connect an account. Web -> Persistence."""

    account: Account
    token: SealedToken
    at: datetime
    replaces: bool = False
    """Whether to replace the values of a connected account instead of reporting a conflict."""

    def audit_text(self) -> AuditText:
        return AuditText("connected an account", f"account {self.account.account_id}")


@dataclass(frozen=True, slots=True)
class ChangeAccount(AwaitedCommand):
    """Change the fields that are not None. Web -> Persistence."""

    account_id: str
    at: datetime
    name: str | None = None
    page_id: str | None = None
    token: SealedToken | None = None
    """A new token reactivates an account whose token is dead."""
    subscribed_fields: tuple[str, ...] | None = None
    bot: str | None = None
    """The name of the bot that is to answer for it, "default" for that of the settings."""

    def audit_text(self) -> AuditText:
        about = f"account {self.account_id}"
        if self.bot is not None:
            return AuditText("chose an account's bot", f"{about}, bot {self.bot}")
        return AuditText("changed an account", about)


@dataclass(frozen=True, slots=True)
class RemoveAccount(AwaitedCommand):
    """Delete an account's token; its messages stay. Web -> Persistence."""

    account_id: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("removed an account", f"account {self.account_id}")


@dataclass(frozen=True, slots=True)
class MarkTokenDead(AwaitedCommand):
    """Mark a token dead that Instagram has rejected for good.

    Sender, TokenKeeper -> Persistence.
    """

    account_id: str
    because: str
    refused_at: datetime
    """When the rejected call began: a token stored later is a different one."""

    def audit_text(self) -> AuditText:
        return AuditText("changed an account", f"account {self.account_id}")


@dataclass(frozen=True, slots=True)
class RenewToken(Command):
    """Store the token from a refresh. TokenKeeper -> Persistence."""

    account_id: str
    token: SealedToken
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordRefreshFailure(Command):
    """Count a failed token refresh. TokenKeeper -> Persistence."""

    account_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account's token or connection has changed. Persistence -> Sender."""

    account_id: str
    is_usable: bool
    """Whether it has a usable token, so that its queue can continue."""


@dataclass(frozen=True, slots=True)
class RecordProfile(Command):
    """Store the fingerprints of the profile an account shows. ProfileKeeper -> Persistence."""

    account_id: str
    marks: ProfileFingerprints
