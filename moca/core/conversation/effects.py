from dataclasses import dataclass
from datetime import datetime

from moca.core.messages.conversation import ReadName
from moca.core.messages.replies import (
    CheckAtOnce,
    ConcludeMessages,
    GenerateReply,
    HandOverConversation,
    QueueReply,
    RecordSteps,
    ShareReply,
)


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Wake the conversation at this instant, and at no other."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Reload:
    """The database knows something else, or more: take the state from it again."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """Forgetting the conversation would change nothing."""


Effect = (
    CheckAtOnce
    | ConcludeMessages
    | GenerateReply
    | HandOverConversation
    | QueueReply
    | ReadName
    | RecordSteps
    | ShareReply
    | WakeAt
    | Reload
    | LetGo
)
