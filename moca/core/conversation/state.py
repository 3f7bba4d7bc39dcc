from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.inbound.event_rules import is_tap, rule_of
from moca.core.policy import ConversationPolicy
from moca.core.types import ContactKey, ConversationStatus

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply on its way into the queue."""

    inputs: tuple[Inbound, ...]
    attempt: int
    deadline: datetime | None = None
    """When this attempt counts as failed; None until a responder takes it up, and once written."""
    content: Content | None = None
    is_queueing: bool = False
    is_sample: bool = False
    """Whether its content stands for one that would be different each time."""

    @property
    def is_asked(self) -> bool:
        """Whether a responder is to write it, or does."""
        return self.content is None and not self.is_queueing

    @property
    def first_id(self) -> int:
        """Its name: the id of the first message it answers."""
        return self.inputs[0].id

    @property
    def input_ids(self) -> tuple[int, ...]:
        """The messages it answers."""
        return tuple(message.id for message in self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """All that a conversation must hold in mind to decide what comes next."""

    contact: ContactKey
    conversation_id: int
    status: ConversationStatus = ConversationStatus.OPEN
    held_until: datetime | None = None
    gathered: tuple[Inbound, ...] = ()
    gathering_since: datetime | None = None
    remembered: tuple[Inbound, ...] = ()
    drafts: tuple[Draft, ...] = ()
    said: tuple[tuple[Content, int], ...] = ()
    """What this burst was answered, each with a message so answered: it is not said again."""
    in_flight: frozenset[int] = frozenset()
    cooldown_until: datetime | None = None
    away_text_at: datetime | None = None
    deferred: tuple[Inbound, ...] = ()
    """Came outside the business hours, and waits for them; older than what is gathered."""
    deferred_until: datetime | None = None
    spoken: tuple[datetime, ...] = ()
    """When the bot spoke in the last hour, oldest first."""
    bot_spoke_at: datetime | None = None
    person_until: datetime | None = None
    """Until when a person last had the word."""
    window_opened_at: datetime | None = None
    """Since when the contact's reply window is open, or was."""
    has_opted_out: bool = False
    active_at: datetime
    """When something last happened in it."""
    heard_at: datetime | None = None
    """When the reply under way was last heard of; None until there is one."""

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot, now: datetime) -> "Conversation":
        """Take up what the database knows, before its unanswered messages are looked at."""
        return cls(
            contact=snapshot.contact,
            conversation_id=snapshot.conversation_id,
            status=snapshot.status,
            held_until=snapshot.held_until,
            remembered=snapshot.remembered,
            in_flight=snapshot.in_flight,
            cooldown_until=snapshot.cooldown_until,
            away_text_at=snapshot.away_text_at,
            spoken=snapshot.spoken,
            bot_spoke_at=snapshot.bot_spoke_at,
            person_until=snapshot.person_until,
            window_opened_at=snapshot.window_opened_at,
            has_opted_out=snapshot.had_opted_out,
            active_at=now,
            heard_at=now,
        )

    def gathering(self, message: Inbound, remembered: tuple[Inbound, ...]) -> "Conversation":
        """Add a message to those waiting for the next flush, and remember what it said."""
        opened_at = self.window_opened_at
        if rule_of(message.kind).opens_window:
            own = message.opened_at or message.received_at
            opened_at = own if opened_at is None else max(own, opened_at)
        return replace(
            self,
            gathered=(*self.gathered, message),
            gathering_since=self.gathering_since or message.received_at,
            remembered=remembered,
            window_opened_at=opened_at,
        )

    def emptied(self) -> "Conversation":
        """Let go of what waits to be answered; of what is being answered, nothing."""
        return replace(self, gathered=(), gathering_since=None, deferred=(), deferred_until=None)

    def deferring(self, until: datetime) -> "Conversation":
        """Have what is gathered wait until an instant, apart from what comes meanwhile."""
        waiting = self.deferred + self.gathered
        return replace(self.emptied(), deferred=waiting, deferred_until=until)

    def resuming(self) -> "Conversation":
        """Gather again what was deferred."""
        waited = self.deferred + self.gathered
        since = waited[0].received_at if waited else None
        return replace(self.emptied(), gathered=waited, gathering_since=since)

    def window_shuts_at(self, message: Inbound, policy: ConversationPolicy) -> datetime:
        """Return from when on no automatic reply to a message may go."""
        if rule_of(message.kind).opens_window and self.window_opened_at is not None:
            return self.window_opened_at + policy.window
        return message.received_at + policy.window

    @property
    def asked_ids(self) -> set[int]:
        """The first ids of the drafts that nobody has written yet."""
        return {draft.first_id for draft in self.drafts if draft.is_asked}

    @property
    def open_ids(self) -> tuple[int, ...]:
        """The messages that it holds and that nobody answered yet."""
        waiting = tuple(message.id for message in self.deferred + self.gathered)
        return tuple(each for draft in self.drafts for each in draft.input_ids) + waiting

    def find(self, message_id: int) -> Inbound | None:
        """Find a message that it holds; None where it does not."""
        drafted = (message for draft in self.drafts for message in draft.inputs)
        held = (*self.deferred, *self.gathered, *drafted)
        return next((message for message in held if message.id == message_id), None)

    def is_held_at(self, now: datetime) -> bool:
        """Tell whether somebody else than the bot has the word: paused, taken over or closed."""
        if self.status is ConversationStatus.OPEN:
            return False
        return self.held_until is None or now < self.held_until

    @property
    def is_answering(self) -> bool:
        """Whether a reply is being made, queued or sent: until then everything is gathered."""
        return bool(self.drafts or self.in_flight)

    @property
    def is_pressing(self) -> bool:
        """Whether something gathered waits for neither debounce nor cooldown."""
        return any(each.at_once or is_tap(each.kind, each.type) for each in self.gathered)

    def flush_at(self, policy: ConversationPolicy) -> datetime | None:
        """Tell when the gathered messages are answered; None while nothing waits."""
        if self.gathering_since is None or self.is_pressing:
            return self.gathering_since
        debounced_at = self.gathering_since + policy.debounce
        return max(debounced_at, self.cooldown_until or debounced_at)

    def forgettable_at(self, policy: ConversationPolicy) -> datetime:
        """Tell when forgetting this conversation changes nothing any more."""
        windows = [message.received_at + policy.dedup for message in self.remembered]
        idle_at = self.active_at + policy.idle
        return max(idle_at, self.cooldown_until or idle_at, *windows)

    def speaks(self, at: datetime, policy: ConversationPolicy) -> "Conversation":
        """Note that the bot spoke; what it said more than an hour ago is forgotten."""
        recent = (*(each for each in self.spoken if each > at - _HOUR), at)
        return replace(self, spoken=recent[-policy.replies_per_hour :])

    def replies_left(self, policy: ConversationPolicy, now: datetime) -> int:
        """Return how many replies to this contact the hour still allows, 0 or more."""
        spoken = sum(1 for each in self.spoken if each > now - _HOUR)
        return max(0, policy.replies_per_hour - spoken)

    def steadied(self, now: datetime, policy: ConversationPolicy) -> "Conversation":
        """Return it with every wait within its span of `now`, even if the clock was set back."""
        cooled_by, made_by = now + policy.cooldown, now + policy.generation_timeout
        if not self._is_ahead_of(now, cooled_by, made_by):
            return self
        return replace(
            self,
            active_at=min(self.active_at, now),
            heard_at=_at_most(self.heard_at, now),
            gathering_since=_at_most(self.gathering_since, now),
            cooldown_until=_at_most(self.cooldown_until, cooled_by),
            spoken=tuple(min(each, now) for each in self.spoken),
            remembered=tuple(each for each in self.remembered if each.received_at <= now),
            drafts=tuple(
                replace(draft, deadline=_at_most(draft.deadline, made_by)) for draft in self.drafts
            ),
        )

    def _is_ahead_of(self, now: datetime, cooled_by: datetime, made_by: datetime) -> bool:
        return (
            self.active_at > now
            or _is_after(self.heard_at, now)
            or _is_after(self.gathering_since, now)
            or _is_after(self.cooldown_until, cooled_by)
            or any(each > now for each in self.spoken)
            or any(each.received_at > now for each in self.remembered)
            or any(_is_after(draft.deadline, made_by) for draft in self.drafts)
        )


def _is_after(instant: datetime | None, limit: datetime) -> bool:
    return instant is not None and instant > limit


def _at_most(instant: datetime | None, limit: datetime) -> datetime | None:
    return instant and min(instant, limit)


def seconds(span: timedelta) -> str:
    """Say a span as a person reads it in a journey."""
    return f"{max(span.total_seconds(), 0):.1f} s".replace(".0 s", " s")
