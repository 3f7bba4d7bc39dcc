import asyncio
import json
import threading
from concurrent.futures import Future

import pytest
from flask import request

from moca.core.messages.reception import RecordWebhook
from moca.instagram.events import read_webhook
from moca.web.awaited import Awaited
from moca.web.config import Ports
from moca.web.doorway import Doorway
from tests.web.knocking import knock
from tests.web.rows import AT
from tests.web.test_web_webhook import SAMPLE


@pytest.fixture
def seen(app):
    """What Flask made a request of."""
    requests = []
    app.before_request_funcs.setdefault(None, []).append(lambda: requests.append("seen"))
    return requests


@pytest.fixture
def door(app, database, house, config, metrics):
    ports = Ports(database=database, tell=house.tell, health=lambda: house.health)
    doorway = Doorway(app, ports, config, metrics, threads=2)
    yield doorway
    doorway.close()


def test_a_webhook_as_meta_sends_it_is_answered_before_flask(door, house, seen) -> None:
    answer = knock(door, SAMPLE)
    assert (answer.status, answer.body, seen) == (200, b"EVENT_RECEIVED", [])
    assert answer.headers == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "14",
        "x-content-type-options": "nosniff",
    }
    assert house.told == [RecordWebhook(SAMPLE, read_webhook(SAMPLE, live=False), AT)]


def test_a_body_may_come_in_pieces(door, house) -> None:
    assert knock(door, SAMPLE[:10], SAMPLE[10:]).status == 200
    assert [command.body for command in house.told] == [SAMPLE]


def test_whoever_goes_away_in_the_middle_of_a_body_is_told_nothing(door, house) -> None:
    assert (knock(door, SAMPLE, goes_away=True).status, house.told) == (0, [])


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [(SAMPLE, "not ours", 403), (b"{", "second-secret", 400), (b"{}", "second-secret", 404)],
)
def test_flask_says_what_is_wrong_with_any_other(door, seen, body, secret, status) -> None:
    assert knock(door, body, secret=secret).status == status
    assert seen == ["seen"]


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": None, "transfer-encoding": "chunked"},
        {"content-length": "²"},
        {"content-length": str(64 * 1024 + 1)},
    ],
)
def test_a_body_of_unannounced_or_great_length_is_for_a_thread(door, house, seen, headers) -> None:
    assert knock(door, SAMPLE, headers=headers).status == 200
    assert (len(house.told), seen) == (1, ["seen"])


def test_all_else_is_flasks(door, seen) -> None:
    answer = knock(door, b"", method="GET", path="/healthz")
    assert (answer.status, seen) == (200, ["seen"])


@pytest.mark.parametrize("query", [b"q=%C3%A9", "q=é".encode(), b"q=\xff"])
def test_a_query_may_hold_any_bytes(door, app, query) -> None:
    asked = []
    app.before_request_funcs.setdefault(None, []).append(lambda: asked.append(request.args["q"]))
    assert knock(door, b"", method="GET", path="/healthz", query=query).status == 200
    assert asked == ["%FF" if query == b"q=\xff" else "é"]


def test_what_could_not_be_stored_is_told_once_and_refused(door, house, seen) -> None:
    house.answer = OSError("disk full")
    answer = knock(door, SAMPLE)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, "unavailable")
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == (
        "application/json",
        "nosniff",
    )
    assert (len(house.told), seen) == (1, [])


def test_what_nobody_confirms_in_time_is_refused_and_its_receipt_left_alone(door, house) -> None:
    house.answer = None
    assert knock(door, SAMPLE).status == 503
    (command,) = house.told
    command.receipt.set_result("late")


def test_many_receipts_answered_on_another_thread_wake_their_coroutines() -> None:
    awaited = Awaited()
    receipts = [Future() for _ in range(100)]

    def answer_all() -> None:
        for number, receipt in enumerate(receipts):
            receipt.set_result(number)

    async def wait_for_all() -> list[int]:
        threading.Thread(target=answer_all).start()
        return await asyncio.gather(*(awaited.answer(each, 60) for each in receipts))

    assert asyncio.run(wait_for_all()) == list(range(100))
