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
from moca.core.messages.auditing import Auditing, Deed
from moca.core.messages.colleagues import (
    AddNote,
    Collaboration,
    MarkRead,
    RemoveNote,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.comparing import Comparing
from moca.core.messages.conversing import (
    ConversationIdle,
    ConversationLoaded,
    FindUnanswered,
    LoadConversation,
    ReadName,
    RecordName,
    UnansweredFound,
)
from moca.core.messages.counting import RecordFigures
from moca.core.messages.fetching import (
    FetchMessage,
    FindMissing,
    MessagesMissing,
    MissingMessage,
    RecordFetched,
)
from moca.core.messages.freezing import FreezeChanged, Freezing
from moca.core.messages.idempotency import KeepAnswer
from moca.core.messages.noticing import (
    FindNotices,
    NoticesFound,
    NoticeWritten,
    RecordNotice,
)
from moca.core.messages.operating import (
    CancelReply,
    ChangeConversation,
    ContactErased,
    ConversationChanged,
    EraseContact,
    Overruling,
    RetryReply,
    SettleReply,
)
from moca.core.messages.privacy import EraseForPerson, HouseKept, KeepHouse
from moca.core.messages.receipt import (
    Conflict,
    Done,
    NotFound,
    Receipt,
)
from moca.core.messages.reception import (
    MessageArrived,
    MessageEdited,
    MessageErased,
    NoteSigning,
    RecordWebhook,
)
from moca.core.messages.replying import (
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
    ShowTyping,
    UnsettledReply,
    VerifyDelivery,
)
from moca.core.messages.staffing import (
    AddOperator,
    ChangeOperator,
    CloseLogin,
    Logins,
    OpenLogin,
    RemoveOperator,
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
