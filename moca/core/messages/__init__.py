"""What the actors say to one another: commands in the imperative, events in the past tense."""

from moca.core.messages.conversing import (
    ConversationIdle,
    ConversationLoaded,
    FindUnanswered,
    LoadConversation,
    ReadName,
    RecordName,
    UnansweredFound,
)
from moca.core.messages.operating import (
    CancelReply,
    ChangeConversation,
    ContactErased,
    ConversationChanged,
    EraseContact,
    RetryReply,
    SettleReply,
)
from moca.core.messages.receipt import (
    Conflict,
    Done,
    NotFound,
    Receipt,
)
from moca.core.messages.reception import (
    MessageArrived,
    RecordWebhook,
)
from moca.core.messages.replying import (
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    MessagesEnded,
    QueueReply,
    RecordSteps,
    ReplyGenerated,
    ReplyQueued,
    ReplyRefused,
)
from moca.core.messages.sending import (
    ClaimReply,
    DeliverReply,
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    FindPending,
    KnownMidsListed,
    ListKnownMids,
    PendingFound,
    RecentSend,
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyClaimed,
    ReplyDropped,
    ReplyFailed,
    ReplySent,
    ReplyUnknown,
    RestingAccount,
    UnsettledReply,
    VerifyDelivery,
)

Command = (
    RecordWebhook
    | LoadConversation
    | FindUnanswered
    | ConcludeMessages
    | RecordSteps
    | RecordName
    | QueueReply
    | FindPending
    | ListKnownMids
    | ClaimReply
    | RecordSent
    | RecordFailed
    | RecordUnknown
    | RecordRetry
    | ChangeConversation
    | CancelReply
    | RetryReply
    | SettleReply
    | EraseContact
)
"""What the persistence actor carries out."""

ToConversation = (
    MessageArrived
    | ConversationLoaded
    | GenerationStarted
    | ReplyGenerated
    | GenerationFailed
    | ReplyQueued
    | ReplyRefused
    | ReplySent
    | ReplyFailed
    | ReplyUnknown
    | ReplyDropped
    | ConversationChanged
)
"""What a conversation hears; each names its contact."""

ToSender = (
    ReplyQueued
    | ReplyClaimed
    | ReplyDropped
    | ReplySent
    | PendingFound
    | KnownMidsListed
    | DeliveryStarted
    | DeliveryEnded
    | DeliveryVerified
)
"""What the sender hears."""

ToCourier = DeliverReply | VerifyDelivery | ReadName

__all__ = [
    "CancelReply",
    "ChangeConversation",
    "ClaimReply",
    "Command",
    "ConcludeMessages",
    "Conflict",
    "ContactErased",
    "ConversationChanged",
    "ConversationIdle",
    "ConversationLoaded",
    "DeliverReply",
    "DeliveryEnded",
    "DeliveryStarted",
    "DeliveryVerified",
    "Done",
    "EraseContact",
    "FindPending",
    "FindUnanswered",
    "GenerateReply",
    "GenerationFailed",
    "GenerationStarted",
    "KnownMidsListed",
    "ListKnownMids",
    "LoadConversation",
    "MessageArrived",
    "MessagesEnded",
    "NotFound",
    "PendingFound",
    "QueueReply",
    "ReadName",
    "Receipt",
    "RecentSend",
    "RecordFailed",
    "RecordName",
    "RecordRetry",
    "RecordSent",
    "RecordSteps",
    "RecordUnknown",
    "RecordWebhook",
    "ReplyClaimed",
    "ReplyDropped",
    "ReplyFailed",
    "ReplyGenerated",
    "ReplyQueued",
    "ReplyRefused",
    "ReplySent",
    "ReplyUnknown",
    "RestingAccount",
    "RetryReply",
    "SettleReply",
    "ToConversation",
    "ToCourier",
    "ToSender",
    "UnansweredFound",
    "UnsettledReply",
    "VerifyDelivery",
]
