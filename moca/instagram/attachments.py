from moca.core.content.attachments import Attachment, ReceivedContent, Referral, Story
from moca.instagram import payload
from moca.instagram.payload import MessagePayload, PostbackPayload, read_text

_NOTHING = ReceivedContent()


def received_with(message: MessagePayload) -> ReceivedContent | None:
    """Return the content beside a message's text; None if there is none."""
    if _is_plain(message):
        return None
    story = message.reply_to.story if message.reply_to else None
    received = ReceivedContent(
        attachments=_attachments(message),
        payload=_payload(message.quick_reply),
        referral=_referral(message.referral),
        reply_to_mid=message.reply_to.mid if message.reply_to else None,
        story=None if story is None else Story(id=story.id, url=story.url or None),
    )
    return None if received == _NOTHING else received


def received_with_tap(postback: PostbackPayload) -> ReceivedContent | None:
    """Return the content of a tapped button; None if there is none."""
    received = ReceivedContent(
        payload=postback.payload or None, referral=_referral(postback.referral)
    )
    return None if received == _NOTHING else received


def type_of(message: MessagePayload) -> str:
    """Return a message's type: of its first attachment, of what it replies to, or plain text."""
    first = _attachments(message)[0].type if message.attachments else None
    if message.is_unsupported or first == "unsupported_type":
        return "unsupported"
    if first is not None:
        return first
    if message.quick_reply is not None:
        return "quick_reply"
    if message.reply_to is not None and message.reply_to.story is not None:
        return "story_reply"
    return "text" if message.text else "unsupported"


def _is_plain(message: MessagePayload) -> bool:
    return (
        not message.attachments
        and message.quick_reply is None
        and message.referral is None
        and message.reply_to is None
    )


def _attachments(message: MessagePayload) -> tuple[Attachment, ...]:
    """Return the attachments; a shared post sent as both `ig_post` and `share` counts once."""
    item = tuple(_attachment(each) for each in message.attachments)
    if not any(each.type == "ig_post" for each in item):
        return item
    return tuple(each for each in item if each.type != "share")


def _attachment(item: payload.AttachmentPayload) -> Attachment:
    media = item.payload
    return Attachment(type=item.type, url=media.url or None, title=media.title, id=media.id)


def _payload(quick_reply: object) -> str | None:
    item = quick_reply.get("payload") if isinstance(quick_reply, dict) else None
    return read_text(item) or None


def _referral(item: payload.ReferralPayload | None) -> Referral | None:
    if item is None:
        return None
    ad = item.ads_context_data
    return Referral(
        ref=item.ref,
        source=item.source,
        type=item.type,
        ad_id=item.ad_id,
        ad_title=ad.ad_title,
        photo_url=ad.photo_url or None,
        video_url=ad.video_url or None,
        product_id=item.product.id,
    )
