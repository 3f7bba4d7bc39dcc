"""The journey as Celery tasks: store, wait, generate, send."""

import os
from typing import Any

import requests
from celery import Celery

from tests.benchmarks.comparison.celery_shop.shop import (
    ShopContact,
    ShopMessage,
    ShopReply,
    create_tables,
    database,
)

DEBOUNCE_SECONDS = float(os.environ["SHOP_DEBOUNCE_SECONDS"])
GRAPH_URL = os.environ["SHOP_GRAPH_URL"]
ACCESS_TOKEN = os.environ["SHOP_ACCESS_TOKEN"]

celery = Celery("shop", broker=os.environ["SHOP_REDIS"])
celery.conf.task_acks_late = bool(os.environ.get("SHOP_ACKS_LATE"))
celery.conf.broker_connection_retry_on_startup = True
create_tables()
graph = requests.Session()
graph.trust_env = False

retried = {"autoretry_for": (Exception,), "retry_backoff": True, "max_retries": 5}


@celery.task(**retried)  # type: ignore[untyped-decorator]  # Celery has none
def store_message(psid: str, mid: str, text: str) -> None:
    # Peewee's stubs give it no types.
    contact_of: Any = ShopContact.get_or_create
    store_once: Any = ShopMessage.get_or_create
    with database.connection_context():
        contact, _ = contact_of(psid=psid)
        store_once(mid=mid, defaults={"contact": contact, "text": text})
    answer.apply_async((contact.id,), countdown=DEBOUNCE_SECONDS)


@celery.task(**retried)  # type: ignore[untyped-decorator]  # Celery has none
def answer(contact_id: int) -> None:
    waiting = (ShopMessage.contact == contact_id) & ~ShopMessage.answered
    with database.connection_context():
        with database.atomic("IMMEDIATE"):
            messages = list(ShopMessage.select().where(waiting))
            if not messages:
                return
            reply = ShopReply.create(contact=contact_id, text=generate_reply(messages))
            ShopMessage.update(answered=True).where(waiting).execute()
        send_reply.delay(reply.id)


def generate_reply(messages: list[ShopMessage]) -> str:
    return "This would be an AI generated message"


@celery.task(rate_limit=os.environ.get("SHOP_RATE_LIMIT") or None, **retried)  # type: ignore[untyped-decorator]  # Celery has none
def send_reply(reply_id: int) -> None:
    with database.connection_context():
        reply = ShopReply.get_by_id(reply_id)
        if reply.status == "sent":
            return
        response = graph.post(
            f"{GRAPH_URL}/v26.0/me/messages",
            json={"recipient": {"id": reply.contact.psid}, "message": {"text": reply.text}},
            headers={"Authorization": f"Bearer {ACCESS_TOKEN}"},
            timeout=10,
        )
        response.raise_for_status()
        reply.status = "sent"
        reply.save()
