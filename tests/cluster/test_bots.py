"""Whichever node owns a contact, the contact's account is answered by its own bot."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest

from moca import clock
from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import ChangeAccount, StoreAccount
from moca.core.messages.bots import PublishBot, SaveBotDraft
from moca.core.messages.command import AwaitedCommand
from moca.core.types import ContactKey
from tests.cluster.stepped import SteppedCluster, webhook
from tests.support.factory import NOON

SHOP, CAFE = "1784100001", "1784100002"
CONTACTS = [ContactKey(account_id, str(psid)) for account_id in (SHOP, CAFE) for psid in range(8)]
"""Enough that each node owns some of both accounts."""
CLOSED = '[business_hours]\nenabled = true\nsunday = []\naway_text = "We are closed."'


def document(answer: str, more: str = "") -> str:
    rule = f'[[rule]]\nname = "price"\nkeywords = ["price"]\nanswers = "{answer}"'
    return f'[replies]\ngenerator = "rules"\n{more}\n{rule}\n'


@pytest.fixture
def cluster(stepped: SteppedCluster) -> SteppedCluster:
    """Three nodes, a shop, and a café with contrary rules and hours."""
    stepped.open("a", "b", "c")
    stepped.advance(20)
    for account_id in (SHOP, CAFE):
        token = SealedToken("sealed", NOON, NOON + timedelta(days=60))
        do(stepped, "a", StoreAccount(Account(account_id=account_id), token, NOON))
    publish(stepped, "a", "shop", document("20 €"))
    publish(stepped, "b", "cafe", document("3 €", CLOSED))
    do(stepped, "b", ChangeAccount(SHOP, clock.now(), bot="shop"))
    do(stepped, "c", ChangeAccount(CAFE, clock.now(), bot="cafe"))
    return stepped


def do(cluster: SteppedCluster, node: str, command: AwaitedCommand) -> None:
    receipt: Future[object] = Future()
    cluster[node].system.tell(replace(command, receipt=receipt))
    cluster.settle()
    receipt.result(0)


def publish(cluster: SteppedCluster, node: str, name: str, text: str, revision: int = 0) -> None:
    do(cluster, node, SaveBotDraft(name, text, revision, "ada", clock.now()))
    do(cluster, node, PublishBot(name, revision + 1, "", "ada", clock.now()))


def ask_all(cluster: SteppedCluster, prefix: str) -> dict[str, set[str]]:
    """Ask for the price as every contact, at some node; return what each account said."""
    cluster.instagram.reached.clear()
    for number, contact in enumerate(CONTACTS):
        node = "abc"[number % 3]
        cluster[node].takes(webhook(f"{prefix}{number}", f"{prefix} price?", contact))
    cluster.advance(60)
    texts: dict[str, set[str]] = {SHOP: set(), CAFE: set()}
    for call in cluster.instagram.reached:
        texts[call.contact.account_id].add(call.text)
    return texts


def test_every_node_answers_for_each_account_with_its_bot(cluster: SteppedCluster) -> None:
    assert ask_all(cluster, "m") == {SHOP: {"20 €"}, CAFE: {"We are closed."}}


def test_what_is_published_at_one_node_decides_at_all(cluster: SteppedCluster) -> None:
    ask_all(cluster, "m")
    cluster.advance(60)
    publish(cluster, "c", "shop", document("25 €"), revision=1)

    assert ask_all(cluster, "n")[SHOP] == {"25 €"}


def test_a_commit_whose_answer_is_lost_is_taken_up_all_the_same(cluster: SteppedCluster) -> None:
    do(cluster, "a", SaveBotDraft("shop", document("30 €"), 1, "ada", clock.now()))
    cluster.answers_to_lose = 1
    with pytest.raises(Exception, match="hung up"):
        do(cluster, "a", PublishBot("shop", 2, "", "ada", clock.now()))
    cluster.advance(5)

    assert ask_all(cluster, "n")[SHOP] == {"30 €"}
