from moca.core.messages.accounts import AccountChanged
from moca.core.messages.conversation import ReadName
from moca.core.messages.delivery import (
    DeliverReply,
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    KnownMessagesListed,
    PendingFound,
    ReplyClaimed,
    ReplyDropped,
    ReplyFailed,
    ReplySent,
    ShowTyping,
    VerifyDelivery,
)
from moca.core.messages.inbound import FetchMessage
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.messages.replies import ReplyQueued

ToSender = (
    ReplyQueued
    | ReplyClaimed
    | ReplyDropped
    | ReplySent
    | ReplyFailed
    | PendingFound
    | KnownMessagesListed
    | DeliveryStarted
    | DeliveryEnded
    | DeliveryVerified
    | AccountChanged
    | FreezeChanged
)
"""What the sender receives."""

ToCourier = DeliverReply | VerifyDelivery | ReadName | ShowTyping | FetchMessage
"""What a courier receives."""
