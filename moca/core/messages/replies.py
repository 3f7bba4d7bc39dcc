from dataclasses import dataclass, field
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.snapshot import Inbound
from moca.core.messages.receipt import Receipt
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import Author, ContactKey, Outcome, Parting, Priority, Step


@dataclass(frozen=True, slots=True)
class ConcludeMessages:
    """Write how messages ended, where they have not ended yet. Conversation -> Persistence."""

    message_ids: tuple[int, ...]
    outcome: Outcome
    because: str
    at: datetime
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class MessagesEnded:
    """Messages have come to their outcome, on disk. Persistence -> whoever counts."""

    message_ids: tuple[int, ...]
    outcome: Outcome
    because: str


@dataclass(frozen=True, slots=True)
class RecordSteps:
    """Write steps of journeys. Conversation -> Persistence, Sender -> Persistence."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class GenerateReply:
    """Make a reply to a group of messages. Conversation -> Responder."""

    contact: ContactKey
    inputs: tuple[Inbound, ...]
    attempt: int


@dataclass(frozen=True, slots=True)
class CheckAtOnce:
    """See whether a rule wants a message answered at once. Conversation -> Responder."""

    contact: ContactKey
    message: Inbound


@dataclass(frozen=True, slots=True)
class AtOnceWanted:
    """A rule wants a message answered at once. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    message_id: int
    because: str


@dataclass(frozen=True, slots=True)
class GenerationStarted:
    """A responder took it up; its time runs. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    first_id: int
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyGenerated:
    """A group, named by its first id, has a reply. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    first_id: int
    attempt: int
    content: Content
    by: str = ""
    """Which generator made it, and why that one; for the journey."""
    is_sample: bool = False
    """Whether it stands for one that would be different each time."""


@dataclass(frozen=True, slots=True)
class ReplyDeclined:
    """A group is to get no reply. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    first_id: int
    attempt: int
    because: str


@dataclass(frozen=True, slots=True)
class HandOverAsked:
    """A person shall answer a group. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    first_id: int
    attempt: int
    because: str
    content: Content | None = None
    """What the contact is told of it; None leaves that to the settings."""


@dataclass(frozen=True, slots=True)
class GenerationFailed:
    """No reply could be made. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    first_id: int
    attempt: int
    because: str


@dataclass(frozen=True, slots=True)
class QueueReply:
    """Write reply and queue item, mark the inputs processed. Conversation, Web -> Persistence."""

    conversation_id: int
    input_ids: tuple[int, ...]
    content: Content
    at: datetime
    author: Author = Author.BOT
    priority: Priority = Priority.NORMAL
    scheduled_for: datetime | None = None
    is_away_text: bool = False
    """Marks the conversation, so that one closing brings one away text."""
    parting: Parting | None = None
    """Lets it pass where nothing else by the bot may."""
    comment_id: str | None = None
    """The comment that a person answers in private; what the bot answers tells it by itself."""
    made_of: tuple[str, ...] = field(default=(), repr=False)
    """What the inputs said when it was made, one each; empty where it does not depend on that."""
    key: str | None = None
    """Identifies the command: repeating it changes nothing and gives the first result.

    At most 255 characters. Needed where there are no inputs, each of which is answered only once.
    """
    author_name: str = field(default="", kw_only=True)
    """Of the operator who wrote it."""
    hold: bool = field(default=False, kw_only=True)
    """Whether the conversation is taken over with it, in the same transaction."""
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ShareReply:
    """Let the reply to another message answer these too. Conversation -> Persistence."""

    same_as: int
    """A message whose reply says the same; where that was not sent, `instead` is queued."""
    instead: QueueReply


@dataclass(frozen=True, slots=True)
class ReplyShared:
    """The reply to others answers these too. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HandOverConversation:
    """Give it to a person: in one transaction with the last words. Conversation -> Persistence.

    What else the bot was to say or to answer in it ends there.
    """

    conversation_id: int
    input_ids: tuple[int, ...]
    because: str
    contents: tuple[Content, ...]
    """The last of them answers the inputs; where there is none, they end suppressed."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyQueued:
    """A reply waits in the queue. Persistence -> Supervisor -> Sender and Conversation."""

    contact: ContactKey
    reply: QueuedReply
    input_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """Nothing is left to answer, or nobody may. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    because: str
    is_outdated: bool = False
    """Whether the inputs wait still, and say something else than what it was made of."""
