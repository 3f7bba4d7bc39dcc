from dataclasses import dataclass
from datetime import datetime

from moca.core.conversation.state import Conversation
from moca.core.messages.conversation import ReadName
from moca.core.messages.replies import (
    CheckImmediateReply,
    ConcludeMessages,
    GenerateReply,
    HandOverConversation,
    QueueReply,
    RecallHeldReplies,
    RecordSteps,
    ShareReply,
)


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Wake the conversation at this instant. Replaces any earlier wake-up time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ReloadConversation:
    """Load the state from the database again, which has newer or more data."""


@dataclass(frozen=True, slots=True)
class UnloadConversation:
    """Unload the conversation: forgetting its state changes nothing."""


Effect = (
    CheckImmediateReply
    | ConcludeMessages
    | GenerateReply
    | HandOverConversation
    | QueueReply
    | ReadName
    | RecallHeldReplies
    | RecordSteps
    | ShareReply
    | WakeAt
    | ReloadConversation
    | UnloadConversation
)
Decision = tuple[Conversation, tuple[Effect, ...]]
"""The state after an event, and what is to be done in order."""
