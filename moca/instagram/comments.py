from moca.core.content.attachments import Received
from moca.core.inbound.events import Event, InboundMessage
from moca.core.types import ContactKey
from moca.instagram.participants import Told
from moca.instagram.payload import Comment

_NOT_ANSWERED = "comments are not answered: instagram.answer_comments is off"


def read_comment(told: Told, kind: str, value: dict[str, object]) -> Event:
    """Read what somebody wrote under a post or into a live video; our own is only recorded."""
    comment = Comment.model_validate(value)
    commenter = comment.commenter
    if comment.id is None or commenter is None or not told.account_id:
        return told.about(kind, comment.id, media=comment.media.id)
    if commenter.id == told.account_id or commenter.self_ig_scoped_id is not None:
        return told.about(kind, comment.id, by="account", media=comment.media.id)
    return InboundMessage(
        contact=ContactKey(told.account_id, commenter.id),
        mid=comment.id,
        kind=kind,
        text=comment.text,
        received=Received(media_id=comment.media.id, parent_id=comment.parent_id),
        unanswerable=told.unanswerable or (None if told.reading.answer_comments else _NOT_ANSWERED),
    )
