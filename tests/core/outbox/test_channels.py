from dataclasses import replace

from moca.core.content.content import Content, Media
from moca.core.messages.delivery import RecentSend
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import ReplyAddress, ReplyKind
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey
from tests.support.factory import ANNA, BEN, at, reply_to


def test_private_replies_that_wait_for_their_hour_hold_up_nobody() -> None:
    outbox = Outbox(SenderPolicy(per_second=100, account_private_replies_per_hour=1))
    private = replace(reply_to(ANNA, 1), way=ReplyAddress(comment_id="c1"))
    outbox.count_recent(
        [RecentSend(ContactKey(ANNA.account_id, "p9"), at(-60), at(-59), ReplyKind.PRIVATE_REPLY)],
        at(0),
    )
    outbox.add(private, at(0))
    outbox.add(reply_to(BEN, 2), at(0))

    assert [claim.reply.item_id for claim in outbox.claims(at(0))] == [2]
    assert [claim.reply.item_id for claim in outbox.claims(at(3540))] == [1]


def test_pictures_wait_for_one_another_and_text_does_not_wait_for_them() -> None:
    policy = SenderPolicy(per_second=100, account_media_per_second=1)
    outbox = Outbox(policy)
    picture = Content(media=Media(type="image", url="https://example.com/cat.png"))
    for item_id in (1, 2):
        contact = ContactKey(ANNA.account_id, f"p{item_id}")
        outbox.add(replace(reply_to(contact, item_id), content=picture), at(0))
    outbox.add(reply_to(BEN, 3), at(0))

    assert [claim.reply.item_id for claim in outbox.claims(at(0))] == [1, 3]
