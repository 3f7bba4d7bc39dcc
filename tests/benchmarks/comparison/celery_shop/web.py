"""The webhook: verify, and hand the rest to Celery; the database detects duplicates."""

import hashlib
import hmac
import os

from flask import Flask, abort, request

from tests.benchmarks.comparison.celery_shop.tasks import store_message

app = Flask(__name__)


@app.post("/api/instagram/webhook")
def webhook() -> str:
    body = request.get_data()
    if not is_signed(body, request.headers.get("X-Hub-Signature-256", "")):
        abort(403)
    for entry in request.get_json()["entry"]:
        for event in entry.get("messaging", []):
            message = event.get("message", {})
            if "text" not in message or message.get("is_echo"):
                continue
            store_message.delay(event["sender"]["id"], message["mid"], message["text"])
    return "EVENT_RECEIVED"


def is_signed(body: bytes, signature: str) -> bool:
    secret = os.environ["SHOP_APP_SECRET"].encode()
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)
