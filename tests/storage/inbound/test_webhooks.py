from moca.core.messages.inbound import RecordSignatureCheck
from moca.storage.queries.accounts import last_webhook_at, read_signature_checks
from tests.storage.desk import Desk, webhook
from tests.support.factory import at


def test_when_each_secret_last_signed_is_kept(desk: Desk) -> None:
    desk.do(RecordSignatureCheck("first", at(1)), RecordSignatureCheck("none", at(2)))
    desk.do(RecordSignatureCheck("first", at(3)))
    assert read_signature_checks() == {"first": at(3), "none": at(2)}


def test_the_last_webhook_is_told(desk: Desk) -> None:
    assert last_webhook_at() is None
    desk.do(webhook(seconds=1), webhook(seconds=2))
    assert last_webhook_at() == at(2)
