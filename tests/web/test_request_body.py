import asyncio

import pytest
from a2wsgi.asgi_typing import HTTPRequestEvent, Receive

from moca.web.errors import Problem
from moca.web.request_body import BodyReader
from tests.web.virtual_loop import run

LIMIT = 100
Outcome = bytes | tuple[int, str]
SLOW = (408, "The request body did not arrive in time. Send it again.")


def sending(*pieces: tuple[float, bytes], ends: bool = True) -> Receive:
    """A client that sends pieces, each after a delay; then it ends, or falls silent."""
    coming = iter(pieces)
    left = len(pieces)

    async def receive() -> HTTPRequestEvent:
        nonlocal left
        try:
            pause, piece = next(coming)
        except StopIteration:
            return await asyncio.Future[HTTPRequestEvent]()
        await asyncio.sleep(pause)
        left -= 1
        return {"type": "http.request", "body": piece, "more_body": left > 0 or not ends}

    return receive


async def outcome(reader: BodyReader, receive: Receive) -> tuple[Outcome, float]:
    """Read a body; return it, or how it was refused, and after how many seconds."""
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    try:
        told: Outcome = await reader.read(receive, LIMIT)
    except Problem as refused:
        told = (refused.status, refused.message)
    return told, loop.time() - began_at


@pytest.mark.parametrize(
    ("receive", "expected"),
    [
        (sending((0, b"whole")), (b"whole", 0)),
        (sending((4.9, b"late")), (b"late", 4.9)),
        (sending((5.1, b"too late")), (SLOW, 5)),
        (sending((4, b"in "), (5, b"time")), (b"in time", 9)),
        (sending((4, b"in "), (3, b"no "), (4, b"time")), (SLOW, 10)),
        (sending(ends=False), (SLOW, 5)),
        (sending((1, b"begun"), ends=False), (SLOW, 10)),
        (sending((0, b"."), (9, b""), (9, b"")), (SLOW, 10)),
        (sending((0, bytes(LIMIT))), (bytes(LIMIT), 0)),
        (sending((0, bytes(LIMIT + 1))), ((413, "The request body is larger than 100 bytes."), 0)),
        (
            sending((0, bytes(LIMIT)), (1, b"."), (1, b".")),
            ((413, "The request body is larger than 100 bytes."), 1),
        ),
    ],
)
def test_a_body_has_five_seconds_to_its_first_byte_and_ten_to_its_last(
    receive: Receive, expected: tuple[Outcome, float]
) -> None:
    told, seconds = run(outcome(BodyReader(), receive))
    assert told == expected[0]
    assert seconds == pytest.approx(expected[1])


def test_beyond_the_budget_the_body_begun_first_gives_way() -> None:
    async def three_at_once(reader: BodyReader) -> list[tuple[bytes | tuple[int, str], float]]:
        stalled = [sending((0, bytes(40)), ends=False) for _ in range(2)]
        quick = sending((1, bytes(40)), (1, bytes(10)))
        return await asyncio.gather(*(outcome(reader, each) for each in (*stalled, quick)))

    assert run(three_at_once(BodyReader(max_held_bytes=100))) == [
        (SLOW, 1),
        (SLOW, 10),
        (bytes(50), 2),
    ]
    assert run(three_at_once(BodyReader(max_held_bytes=130))) == [
        (SLOW, 10),
        (SLOW, 10),
        (bytes(50), 2),
    ]


def test_a_body_that_ended_in_whatever_way_leaves_the_budget_whole() -> None:
    reader = BodyReader(max_held_bytes=60)

    async def one_after_another() -> tuple[bytes | tuple[int, str], float]:
        for receive in (
            sending((0, bytes(50)), ends=False),
            sending((0, bytes(50)), (0, bytes(60)), (0, b"")),
            sending((0, bytes(30)), (0, bytes(30))),
        ):
            last = await outcome(reader, receive)
        return last

    assert run(one_after_another()) == (bytes(60), 0)
