import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from actors.config import responders_for
from moca.core.content.content import Content
from moca.core.messages.delivery import DeliveryStarted
from moca.core.policy import SenderPolicy
from moca.replies.generator import GeneratedReply, ReplyRequest
from moca.settings.sections import Sender, Settings
from tests.benchmarks.pace import used, written
from tests.benchmarks.support.engine import Engine, database_in
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import apart
from tests.benchmarks.support.standin import RecordingGraph

CONTACTS = 200
GENERATION_SECONDS = 8.0
RATES = {3: "", 30: "≥ 0.9"}
"""Allowed sends per second, and what share of them is to be used."""
_PATIENCE_SECONDS = 110


class SlowModel:
    """Takes a fixed time for each reply, as a slow model does."""

    needs_history = 0
    needs_name = False

    def reply(self, request: ReplyRequest) -> GeneratedReply:
        time.sleep(GENERATION_SECONDS)
        return GeneratedReply(Content(text=f"Answer {request.inputs[0].mid}"))


def figures() -> Iterator[Figure]:
    """Compare the sends per second with the limit while each reply takes eight seconds to make."""
    for per_second, goal in RATES.items():
        with RecordingGraph() as graph:
            starts = apart(_starts, graph.url, per_second)
        what = f"{CONTACTS} contacts at once, {GENERATION_SECONDS:g} s a reply"
        yield used(what, starts, per_second, goal)


def _starts(url: str, per_second: int) -> list[float]:
    """Receive a message from every contact at once; return when the sender counted each call."""
    starts: list[float] = []
    done = Event()

    def observe(event: object) -> None:
        if isinstance(event, DeliveryStarted):
            starts.append(event.at.timestamp())
            if len(starts) == CONTACTS:
                done.set()

    engine = Engine(
        graph_url=url,
        sender=SenderPolicy(per_second=per_second),
        observers=(observe,),
        generator=SlowModel(),
        responders=responders_for(Settings(sender=Sender(per_second=per_second))),
    )
    with tempfile.TemporaryDirectory() as name, engine.running(database_in(Path(name))) as system:
        for number in range(CONTACTS):
            system.tell(written(number))
        assert done.wait(_PATIENCE_SECONDS)
    return sorted(starts)
