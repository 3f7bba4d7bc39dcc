from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.inbound.event_rules import is_tap, rule_of
from moca.core.policy import ConversationPolicy
from moca.core.types import ContactKey, ConversationStatus, MadeBy

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply until it is queued."""

    inputs: tuple[Inbound, ...]
    attempt: int
    deadline: datetime | None = None
    """When this attempt counts as failed; None until a responder starts on it, and once it is
    done."""
    content: Content | None = None
    is_queueing: bool = False
    is_sample: bool = False
    """Whether its content stands for one that would differ each time."""
    made_by: MadeBy | None = None

    @property
    def is_generating(self) -> bool:
        """Whether a responder is generating it, or is still to do so."""
        return self.content is None and not self.is_queueing

    @property
    def first_id(self) -> int:
        """The id of the first message it answers; no two drafts of a conversation share it."""
        return self.inputs[0].id

    @property
    def input_ids(self) -> tuple[int, ...]:
        """The ids of the messages it answers."""
        return tuple(message.id for message in self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The state from which a conversation decides what comes next."""

    contact: ContactKey
    conversation_id: int
    status: ConversationStatus = ConversationStatus.OPEN
    held_until: datetime | None = None
    gathered: tuple[Inbound, ...] = ()
    gathering_since: datetime | None = None
    remembered: tuple[Inbound, ...] = ()
    drafts: tuple[Draft, ...] = ()
    said: tuple[tuple[Content, int], ...] = ()
    """The replies to this burst, each with the id of a message it answers; none is sent twice."""
    in_flight: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    """The held replies, which give way to one reply to all once the contact writes more."""
    is_recalling: bool = False
    """Whether it waits for the held replies to be recalled."""
    cooldown_until: datetime | None = None
    away_text_at: datetime | None = None
    deferred: tuple[Inbound, ...] = ()
    """Messages that wait for business hours; older than those in `gathered`."""
    deferred_until: datetime | None = None
    recent_replies: tuple[datetime, ...] = ()
    """When the bot sent messages in the last hour, oldest first."""
    bot_replied_at: datetime | None = None
    person_until: datetime | None = None
    """Until when a person last wrote or held the conversation."""
    window_opened_at: datetime | None = None
    """When the contact's reply window last opened; None if it never did."""
    has_opted_out: bool = False
    active_at: datetime
    """When the last event occurred."""
    heard_at: datetime | None = None
    """When there was last news of the reply in progress; None until there is one."""

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot, now: datetime) -> "Conversation":
        """Create the state from a snapshot, without its unanswered messages."""
        return cls(
            contact=snapshot.contact,
            conversation_id=snapshot.conversation_id,
            status=snapshot.status,
            held_until=snapshot.held_until,
            remembered=snapshot.remembered,
            in_flight=snapshot.in_flight,
            held=snapshot.held,
            cooldown_until=snapshot.cooldown_until,
            away_text_at=snapshot.away_text_at,
            recent_replies=snapshot.recent_replies,
            bot_replied_at=snapshot.bot_replied_at,
            person_until=snapshot.person_until,
            window_opened_at=snapshot.window_opened_at,
            has_opted_out=snapshot.had_opted_out,
            active_at=now,
            heard_at=now,
        )

    def gathering(self, message: Inbound, remembered: tuple[Inbound, ...]) -> "Conversation":
        """Return the state with a message added to the next flush and to the remembered ones."""
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
        """Return the state without waiting messages. Drafts stay."""
        return replace(self, gathered=(), gathering_since=None, deferred=(), deferred_until=None)

    def deferring(self, until: datetime) -> "Conversation":
        """Return the state with the gathered messages deferred until an instant."""
        waiting = self.deferred + self.gathered
        return replace(self.emptied(), deferred=waiting, deferred_until=until)

    def resuming(self) -> "Conversation":
        """Return the state with the deferred messages gathered again."""
        waited = self.deferred + self.gathered
        since = waited[0].received_at if waited else None
        return replace(self.emptied(), gathered=waited, gathering_since=since)

    def window_shuts_at(self, message: Inbound, policy: ConversationPolicy) -> datetime:
        """Return from when on no automatic reply to a message may be sent."""
        if rule_of(message.kind).opens_window and self.window_opened_at is not None:
            return self.window_opened_at + policy.window
        return message.received_at + policy.window

    @property
    def generating_ids(self) -> set[int]:
        """The first ids of the drafts that are not written yet."""
        return {draft.first_id for draft in self.drafts if draft.is_generating}

    @property
    def open_ids(self) -> tuple[int, ...]:
        """The ids of the unanswered messages it holds."""
        waiting = tuple(message.id for message in self.deferred + self.gathered)
        return tuple(each for draft in self.drafts for each in draft.input_ids) + waiting

    def find(self, message_id: int) -> Inbound | None:
        """Return a message it holds, or None."""
        drafted = (message for draft in self.drafts for message in draft.inputs)
        held = (*self.deferred, *self.gathered, *drafted)
        return next((message for message in held if message.id == message_id), None)

    def without_item(self, item_id: int) -> "Conversation":
        """Return the state without a queue item, which is neither held nor in flight any more."""
        return replace(self, in_flight=self.in_flight - {item_id}, held=self.held - {item_id})

    def is_held_at(self, now: datetime) -> bool:
        """Return whether the bot is held: paused, taken over, in standby or closed."""
        if self.status is ConversationStatus.OPEN:
            return False
        return self.held_until is None or now < self.held_until

    @property
    def is_answering(self) -> bool:
        """Whether a reply is being generated, queued, sent or recalled.

        Until it ends, messages are gathered.
        """
        return bool(self.drafts or self.in_flight or self.is_recalling)

    @property
    def is_replying(self) -> bool:
        """Whether a reply is being queued or sent."""
        return bool(self.in_flight) or any(draft.is_queueing for draft in self.drafts)

    @property
    def is_pressing(self) -> bool:
        """Whether a gathered message skips debounce and cooldown."""
        return any(each.at_once or is_tap(each.kind, each.type) for each in self.gathered)

    def flush_at(self, policy: ConversationPolicy) -> datetime | None:
        """Return when the gathered messages are to be answered; None if there are none."""
        if self.gathering_since is None or self.is_pressing:
            return self.gathering_since
        debounced_at = self.gathering_since + policy.debounce
        return max(debounced_at, self.cooldown_until or debounced_at)

    def forgettable_at(self, policy: ConversationPolicy) -> datetime:
        """Return when the conversation can be unloaded without losing anything."""
        windows = [message.received_at + policy.dedup for message in self.remembered]
        idle_at = self.active_at + policy.idle
        return max(idle_at, self.cooldown_until or idle_at, *windows)

    def with_reply(self, at: datetime, policy: ConversationPolicy) -> "Conversation":
        """Return the state with a message of the bot at `at`, keeping those of the last hour."""
        recent = (*(each for each in self.recent_replies if each > at - _HOUR), at)
        return replace(self, recent_replies=recent[-policy.replies_per_hour :])

    def replies_left(self, policy: ConversationPolicy, now: datetime) -> int:
        """Return how many replies to this contact the hourly limit still allows, 0 or more."""
        recent_replies = sum(1 for each in self.recent_replies if each > now - _HOUR)
        return max(0, policy.replies_per_hour - recent_replies)

    def steadied(self, now: datetime, policy: ConversationPolicy) -> "Conversation":
        """Return the state with no wait longer than its span, even if the clock was set back."""
        cooled_by, made_by = now + policy.cooldown, now + policy.generation_timeout
        if not self._is_ahead_of(now, cooled_by, made_by):
            return self
        return replace(
            self,
            active_at=min(self.active_at, now),
            heard_at=_at_most(self.heard_at, now),
            gathering_since=_at_most(self.gathering_since, now),
            cooldown_until=_at_most(self.cooldown_until, cooled_by),
            recent_replies=tuple(min(each, now) for each in self.recent_replies),
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
            or any(each > now for each in self.recent_replies)
            or any(each.received_at > now for each in self.remembered)
            or any(_is_after(draft.deadline, made_by) for draft in self.drafts)
        )


def _is_after(instant: datetime | None, limit: datetime) -> bool:
    return instant is not None and instant > limit


def _at_most(instant: datetime | None, limit: datetime) -> datetime | None:
    return instant and min(instant, limit)


def seconds(span: timedelta) -> str:
    """Return a duration as shown in a journey, such as `2.5 s`."""
    return f"{max(span.total_seconds(), 0):.1f} s".replace(".0 s", " s")
