import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import requests
from flask import Flask, request
from urllib3.util import Retry

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import Delivered
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from moca.instagram.graph import GraphClient
from tests.instagram.conftest import Serve
from tests.support.factory import calls_at
from tests.support.values import only

ACCOUNT = "17841400000000001"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
        return found


@contextmanager
def standing_in(webhook: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "moca.instagram.sandbox", "--port", str(port)]
    process = subprocess.Popen([*command, "--webhook", webhook])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(60) == 0


@contextmanager
def patient_session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        # A busy machine takes long to start it, and it must have started before it is stopped.
        retry = Retry(total=300, backoff_factor=0.05, backoff_max=0.2)
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        yield session


def test_alone_in_its_process_it_plays_people_and_graph(serve: Serve) -> None:
    received: Queue[bytes] = Queue()
    receiver = Flask("receiver")

    @receiver.post("/webhook")
    def receive() -> str:
        received.put(request.get_data())
        return ""

    with standing_in(serve(receiver) + "/webhook") as url, patient_session() as session:
        written = session.post(
            f"{url}/sandbox/write", json={"psid": "7", "text": "hi", "name": "Bo"}
        )
        client = GraphClient(calls_at(url, lambda _: "sandbox-access-token"), 5)
        sent = client.send(ContactKey(ACCOUNT, "7"), Content(text="hello"))
        client.close()
        message = only(read_webhook(received.get(timeout=10), live=True), InboundMessage)
        echo = only(read_webhook(received.get(timeout=10), live=True), Echo)
        (thread,) = session.get(f"{url}/sandbox/threads").json()["threads"]
        refused = session.post(f"{url}/sandbox/write", json={"psid": "7"})
    mid = written.json()["mid"]
    assert (message.mid, message.text) == (mid, "hi")
    assert Delivered(echo.mid) == sent
    assert [each["mid"] for each in thread["messages"]] == [mid, echo.mid]
    assert refused.status_code == 400
