"""What the actors say to one another: commands in the imperative, events in the past tense."""

from moca.core.messages.accounts import (
    AccountChanged,
    ChangeAccount,
    MarkTokenDead,
    NoteRefreshFailure,
    RecordProfile,
    RemoveAccount,
    RenewToken,
    StoreAccount,
)
from moca.core.messages.conversation import (
    ConversationIdle,
    ConversationLoaded,
    FindUnanswered,
    LoadConversation,
    ReadName,
    RecordName,
    UnansweredFound,
)
from moca.core.messages.delivery import (
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
    ShowTyping,
    UnsettledReply,
    VerifyDelivery,
)
from moca.core.messages.housekeeping import (
    EraseForPerson,
    FindNotices,
    HouseKept,
    KeepHouse,
    NoticesFound,
    NoticeWritten,
    RecordFigures,
    RecordNotice,
)
from moca.core.messages.idempotency import KeepAnswer
from moca.core.messages.inbound import (
    FetchMessage,
    FindMissing,
    MessageArrived,
    MessageEdited,
    MessageErased,
    MessagesMissing,
    MissingMessage,
    NoteSigning,
    RecordFetched,
    RecordWebhook,
)
from moca.core.messages.operator_actions import (
    CancelReply,
    ChangeConversation,
    ContactErased,
    ConversationChanged,
    EraseContact,
    FreezeChanged,
    Freezing,
    Overruling,
    RetryReply,
    SettleReply,
)
from moca.core.messages.operators import (
    AddNote,
    AddOperator,
    Auditing,
    ChangeOperator,
    CloseLogin,
    Collaboration,
    Deed,
    Logins,
    MarkRead,
    OpenLogin,
    RemoveNote,
    RemoveOperator,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.receipt import Conflict, Done, NotFound, Receipt
from moca.core.messages.reconciliation import Comparing
from moca.core.messages.replies import (
    AtOnceWanted,
    CheckAtOnce,
    ConcludeMessages,
    GenerateReply,
    GenerationFailed,
    GenerationStarted,
    HandOverAsked,
    HandOverConversation,
    MessagesEnded,
    QueueReply,
    RecordSteps,
    ReplyDeclined,
    ReplyGenerated,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
    ShareReply,
)

Command = (
    RecordWebhook
    | LoadConversation
    | FindUnanswered
    | ConcludeMessages
    | RecordSteps
    | RecordName
    | QueueReply
    | ShareReply
    | HandOverConversation
    | FindPending
    | ListKnownMids
    | ClaimReply
    | RecordSent
    | RecordFailed
    | RecordUnknown
    | RecordRetry
    | ChangeConversation
    | Overruling
    | EraseContact
    | NoteSigning
    | EraseForPerson
    | KeepHouse
    | StoreAccount
    | ChangeAccount
    | RemoveAccount
    | MarkTokenDead
    | RenewToken
    | NoteRefreshFailure
    | RecordProfile
    | FindNotices
    | RecordNotice
    | FindMissing
    | RecordFetched
    | Collaboration
    | AddOperator
    | ChangeOperator
    | RemoveOperator
    | Logins
    | Freezing
    | RecordFigures
    | Comparing
    | Auditing
    | KeepAnswer
)
"""What the persistence actor carries out."""

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
    | AccountChanged
    | FreezeChanged
)
"""What the sender hears."""

ToCourier = DeliverReply | VerifyDelivery | ReadName | ShowTyping | FetchMessage

__all__ = [
    "AccountChanged",
    "AddNote",
    "AddOperator",
    "AtOnceWanted",
    "CancelReply",
    "ChangeAccount",
    "ChangeConversation",
    "ChangeOperator",
    "CheckAtOnce",
    "ClaimReply",
    "CloseLogin",
    "Command",
    "ConcludeMessages",
    "Conflict",
    "ContactErased",
    "ConversationChanged",
    "ConversationIdle",
    "ConversationLoaded",
    "Deed",
    "DeliverReply",
    "DeliveryEnded",
    "DeliveryStarted",
    "DeliveryVerified",
    "Done",
    "EraseContact",
    "EraseForPerson",
    "FetchMessage",
    "FindMissing",
    "FindNotices",
    "FindPending",
    "FindUnanswered",
    "GenerateReply",
    "GenerationFailed",
    "GenerationStarted",
    "HandOverAsked",
    "HandOverConversation",
    "HouseKept",
    "KeepHouse",
    "KnownMidsListed",
    "ListKnownMids",
    "LoadConversation",
    "MarkRead",
    "MarkTokenDead",
    "MessageArrived",
    "MessageEdited",
    "MessageErased",
    "MessagesEnded",
    "MessagesMissing",
    "MissingMessage",
    "NotFound",
    "NoteRefreshFailure",
    "NoteSigning",
    "NoticeWritten",
    "NoticesFound",
    "OpenLogin",
    "PendingFound",
    "QueueReply",
    "ReadName",
    "Receipt",
    "RecentSend",
    "RecordFailed",
    "RecordFetched",
    "RecordName",
    "RecordNotice",
    "RecordProfile",
    "RecordRetry",
    "RecordSent",
    "RecordSteps",
    "RecordUnknown",
    "RecordWebhook",
    "RemoveAccount",
    "RemoveNote",
    "RemoveOperator",
    "RemoveSavedAnswer",
    "RenewToken",
    "ReplyClaimed",
    "ReplyDeclined",
    "ReplyDropped",
    "ReplyFailed",
    "ReplyGenerated",
    "ReplyQueued",
    "ReplyRefused",
    "ReplySent",
    "ReplyShared",
    "ReplyUnknown",
    "RestingAccount",
    "RetryReply",
    "SaveAnswer",
    "SettleReply",
    "ShareReply",
    "ShowTyping",
    "StoreAccount",
    "ToCourier",
    "ToSender",
    "UnansweredFound",
    "UnsettledReply",
    "VerifyDelivery",
]
