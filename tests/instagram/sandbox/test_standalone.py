import socket
import subprocess
import sys
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
from tests.support.factory import calls_at

ACCOUNT = "17841400000000001"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def standing_in(webhook):
    port = free_port()
    command = [sys.executable, "-m", "moca.instagram.sandbox", "--port", str(port)]
    process = subprocess.Popen([*command, "--webhook", webhook])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(20) == 0


@contextmanager
def patient_session():
    with requests.Session() as session:
        retry = Retry(connect=50, backoff_factor=0.05, backoff_max=0.2)
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        yield session


def test_alone_in_its_process_it_plays_people_and_graph(serve):
    received = Queue()
    receiver = Flask("receiver")
    receiver.add_url_rule(
        "/webhook", view_func=lambda: received.put(request.get_data()) or "", methods=["POST"]
    )
    with standing_in(serve(receiver) + "/webhook") as url, patient_session() as session:
        written = session.post(
            f"{url}/sandbox/write", json={"psid": "7", "text": "hi", "name": "Bo"}
        )
        client = GraphClient(calls_at(url, lambda _: "sandbox-access-token"), 5)
        sent = client.send(ContactKey(ACCOUNT, "7"), Content(text="hello"))
        client.close()
        (message,) = read_webhook(received.get(timeout=10), live=True)
        (echo,) = read_webhook(received.get(timeout=10), live=True)
        (thread,) = session.get(f"{url}/sandbox/threads").json()["threads"]
        refused = session.post(f"{url}/sandbox/write", json={"psid": "7"})
    mid = written.json()["mid"]
    assert (type(message), message.mid, message.text) == (InboundMessage, mid, "hi")
    assert (type(echo), Delivered(echo.mid)) == (Echo, sent)
    assert [each["mid"] for each in thread["messages"]] == [mid, sent.mid]
    assert refused.status_code == 400
