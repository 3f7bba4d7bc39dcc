from dataclasses import dataclass, field
from datetime import datetime

from moca.core.content.content import Content
from moca.core.content.uploads import AttachedFile
from moca.core.conversation.snapshot import Inbound
from moca.core.messages.command import AuditText, AwaitedCommand, Command
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.topics import AUTO, TopicMode
from moca.core.types import Author, ClosingMessage, ContactKey, MadeBy, Outcome, Priority, Step


@dataclass(frozen=True, slots=True)
class ConcludeMessages(Command):
    """Record the outcome of messages that have none yet. Conversation -> Persistence."""

    message_ids: tuple[int, ...]
    outcome: Outcome
    because: str
    at: datetime
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class MessagesEnded:
    """The outcome of messages has been stored. Persistence -> observers."""

    message_ids: tuple[int, ...]
    outcome: Outcome
    because: str


@dataclass(frozen=True, slots=True)
class RecordSteps(Command):
    """Store steps of messages' journeys. Conversation, Sender -> Persistence."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class GenerateReply:
    """Generate a reply to a group of messages. Conversation -> Responder."""

    contact: ContactKey
    inputs: tuple[Inbound, ...]
    attempt: int

    @property
    def key(self) -> tuple[ContactKey, tuple[int, ...], int]:
        """The contact, the ids of the messages and the attempt: every result begins with them."""
        return self.contact, tuple(message.id for message in self.inputs), self.attempt


@dataclass(frozen=True, slots=True)
class CheckImmediateReply:
    """Check whether a rule asks for an immediate answer. Conversation -> Responder."""

    contact: ContactKey
    message: Inbound


@dataclass(frozen=True, slots=True)
class ImmediateReplyRequested:
    """A rule asks for an immediate answer. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    message_id: int
    because: str


@dataclass(frozen=True, slots=True)
class GenerationStarted:
    """A responder has started; the deadline runs. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyGenerated:
    """The reply to a group of messages. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    attempt: int
    content: Content
    by: str = ""
    """The generator and the reason for choosing it, for the journey."""
    is_sample: bool = False
    """Whether it stands for content that would differ each time."""
    made_by: MadeBy | None = None


@dataclass(frozen=True, slots=True)
class ReplyDeclined:
    """A group gets no reply. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    attempt: int
    because: str


@dataclass(frozen=True, slots=True)
class HandoverRequested:
    """A group is to be answered by the team. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    attempt: int
    because: str
    content: Content | None = None
    """The message to the contact about it; None uses the one in the settings."""
    made_by: MadeBy | None = None


@dataclass(frozen=True, slots=True)
class GenerationFailed:
    """No reply could be generated. Responder -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    attempt: int
    because: str


@dataclass(frozen=True, slots=True)
class QueueReply(AwaitedCommand):
    """Store reply and queue item, mark inputs processed. Conversation, Web -> Persistence."""

    conversation_id: int
    input_ids: tuple[int, ...]
    content: Content
    at: datetime
    author: Author = Author.BOT
    priority: Priority = Priority.NORMAL
    scheduled_for: datetime | None = None
    is_away_text: bool = False
    """Marks the conversation, so that each closing period sends at most one away text."""
    closing_message: ClosingMessage | None = None
    """Exempts it from a hold or opt-out that stops other messages of the bot."""
    comment_id: str | None = None
    """The comment that an operator answers in private; a reply of the bot finds it from its
    inputs."""
    made_of: tuple[str, ...] = field(default=(), repr=False)
    """The texts of the inputs when it was generated; empty if it does not depend on them."""
    key: str | None = None
    """Identifies the command: repeating it changes nothing and returns the first result. At most
    255 characters. Required without inputs, each of which is answered only once."""
    author_name: str = field(default="", kw_only=True)
    """Who wrote it, if an operator or a program did."""
    author_id: int | None = field(default=None, kw_only=True)
    """The operator who wrote it, who becomes the assignee of an unassigned conversation."""
    hold: bool = field(default=False, kw_only=True)
    """Whether to take over the conversation in the same transaction."""
    attachment: AttachedFile | None = field(default=None, kw_only=True)
    """A file, sent after the content, which may be empty."""
    made_by: MadeBy | None = field(default=None, kw_only=True)
    """None if no generator made it: an operator's, or a text of the settings."""
    mode: TopicMode = field(default=AUTO, kw_only=True)
    """Whether the reply is held, and for how long; one of an operator that is held is a draft."""
    preface: tuple[Content, ...] = field(default=(), kw_only=True)
    """Messages sent before the content, as parts of the same reply."""

    def audit_text(self) -> AuditText:
        what = "drafted a reply" if self.mode.holds else "sent a reply"
        return AuditText(what, f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class ShareReply(Command):
    """Answer these messages with the reply to another message. Conversation -> Persistence."""

    same_as: int
    """A message whose reply has the same content; if that was not sent, `instead` is queued."""
    instead: QueueReply


@dataclass(frozen=True, slots=True)
class ReplyShared:
    """The reply to other messages answers these too. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HandOverConversation(Command):
    """Hand a conversation over to the team. Conversation -> Persistence.

    Done in one transaction with the bot's last messages. Everything else the bot was to send or
    answer in the conversation is cancelled.
    """

    conversation_id: int
    input_ids: tuple[int, ...]
    because: str
    contents: tuple[Content, ...]
    """The last one answers the inputs; if there is none, they end suppressed."""
    at: datetime
    made_by: MadeBy | None = None
    """Of the last one; None if it is a text of the settings."""


@dataclass(frozen=True, slots=True)
class ReplyQueued:
    """A reply is in the queue. Persistence -> Supervisor -> Sender and Conversation."""

    contact: ContactKey
    reply: QueuedReply
    input_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReplyHeld:
    """A reply waits for the team or for its time. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    item_id: int
    input_ids: tuple[int, ...]
    is_private: bool = False
    """Whether it answers a comment, and so never gives way to another reply."""


@dataclass(frozen=True, slots=True)
class RecallHeldReplies(Command):
    """Recall what is held in a conversation: its contact wrote more. Conversation -> Persistence.

    The answer makes the conversation load its state again, whether or not anything was held.
    """

    contact: ContactKey
    conversation_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """Nothing is left to answer, or no one may. Persistence -> Supervisor -> Conversation."""

    contact: ContactKey
    input_ids: tuple[int, ...]
    because: str
    is_outdated: bool = False
    """Whether the conversation must be loaded again: the inputs still wait, with other texts than
    the reply was made of, or they were answered by a commit whose answer was lost."""
