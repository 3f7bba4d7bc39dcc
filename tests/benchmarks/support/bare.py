"""The references for Moca: a Flask view that does nothing, or only the obvious."""

import sys
import threading

import requests
from flask import Flask, Response, request
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from tests.benchmarks.support.load import WEBHOOK

app = Flask(__name__)
relay = requests.Session()
relay.trust_env = False


@app.get("/healthz")
def health() -> Response:
    return Response("ok", mimetype="text/plain")


@app.post(WEBHOOK)
def receive() -> Response:
    """Read the body and drop it; with `?graph=` and `?seconds=`, reply by a timer."""
    body = request.get_data(cache=False)
    if "graph" in request.args:
        told = (request.args["graph"], body)
        threading.Timer(float(request.args["seconds"]), answer, told).start()
    return Response("EVENT_RECEIVED", mimetype="text/plain")


def answer(graph: str, body: bytes) -> None:
    relay.post(graph, data=body, timeout=10)


if __name__ == "__main__":
    threads = int(sys.argv[2])
    Granian(
        "tests.benchmarks.support.bare:app",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=threads,
        backpressure=threads * 4,
        log_level=LogLevels.error,
    ).serve()
