from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.command import AuditText, AwaitedCommand, Command
from moca.core.push import Push, SubscriptionKeys


@dataclass(frozen=True, slots=True)
class KeepPushKey(AwaitedCommand):
    """Store the key that signs push messages, unless there is one. Web -> Persistence."""

    sealed: str = field(repr=False)

    def audit_text(self) -> AuditText:
        return AuditText("made the key for push messages")


@dataclass(frozen=True, slots=True)
class SubscribePush(AwaitedCommand):
    """Send push messages to a session's browser, until the session ends. Web -> Persistence."""

    login_id: int
    endpoint: str = field(repr=False)
    keys: SubscriptionKeys = field(repr=False)
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("turned push messages on", f"session {self.login_id}")


@dataclass(frozen=True, slots=True)
class UnsubscribePush(AwaitedCommand):
    """Send no more push messages to a session's browser. Web -> Persistence."""

    login_id: int

    def audit_text(self) -> AuditText:
        return AuditText("turned push messages off", f"session {self.login_id}")


@dataclass(frozen=True, slots=True)
class RemovePushSubscription(Command):
    """Forget a subscription that its push service no longer knows. PushActor -> Persistence."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class TakePushes(Command):
    """Hand over the next push messages and forget them. PushActor -> Persistence."""

    at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class PushesTaken:
    """Push messages to be sent now, oldest first. Persistence -> PushActor."""

    pushes: tuple[Push, ...]
