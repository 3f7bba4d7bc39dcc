from moca.core.content.attachments import Attachment, Received, Referral, Story
from moca.instagram import payload
from moca.instagram.payload import Message, Postback, read_text

_NOTHING = Received()


def received_with(message: Message) -> Received | None:
    """Tell what came with a message's text; None for nothing."""
    if _is_plain(message):
        return None
    story = message.reply_to.story if message.reply_to else None
    received = Received(
        attachments=_attachments(message),
        payload=_payload(message.quick_reply),
        referral=_referral(message.referral),
        reply_to_mid=message.reply_to.mid if message.reply_to else None,
        story=None if story is None else Story(id=story.id, url=story.url or None),
    )
    return None if received == _NOTHING else received


def received_with_tap(postback: Postback) -> Received | None:
    """Tell what a tapped button carries; None for nothing."""
    received = Received(payload=postback.payload or None, referral=_referral(postback.referral))
    return None if received == _NOTHING else received


def type_of(message: Message) -> str:
    """Name what a message is: by its first attachment, by what it answers, or plain text."""
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


def _is_plain(message: Message) -> bool:
    return (
        not message.attachments
        and message.quick_reply is None
        and message.referral is None
        and message.reply_to is None
    )


def _attachments(message: Message) -> tuple[Attachment, ...]:
    """List them; a shared post that comes as `ig_post` and as legacy `share` counts once."""
    told = tuple(_attachment(each) for each in message.attachments)
    if not any(each.type == "ig_post" for each in told):
        return told
    return tuple(each for each in told if each.type != "share")


def _attachment(told: payload.Attachment) -> Attachment:
    media = told.payload
    return Attachment(type=told.type, url=media.url or None, title=media.title, id=media.id)


def _payload(quick_reply: object) -> str | None:
    told = quick_reply.get("payload") if isinstance(quick_reply, dict) else None
    return read_text(told) or None


def _referral(told: payload.Referral | None) -> Referral | None:
    if told is None:
        return None
    ad = told.ads_context_data
    return Referral(
        ref=told.ref,
        source=told.source,
        type=told.type,
        ad_id=told.ad_id,
        ad_title=ad.ad_title,
        photo_url=ad.photo_url or None,
        video_url=ad.video_url or None,
        product_id=told.product.id,
    )
