"""The cost of pages on a full database: `python -m tests.benchmarks.pages [--on FOLDER]`."""

import contextlib
import http.client
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from urllib.parse import quote

import click
from rich.console import Console

from tests.benchmarks.acks import NOBODY
from tests.benchmarks.support.figures import Figure, show
from tests.benchmarks.support.full_database import SMALL_ACCOUNT, fill
from tests.benchmarks.support.servers import moca

FEW, MANY = 10_000, 10_000_000
CONVERSATIONS = {FEW: 1_000, MANY: 100_000}
ROUNDS = 5
_PAGES = {
    "inbox": "/",
    "inbox, needs reply": "/?list=needs_reply",
    "inbox, waiting for contact": "/?list=waiting_for_contact",
    "inbox, with the bot": "/?list=with_bot",
    "inbox, closed": "/?list=closed",
    "inbox, unread": "/?list=unread",
    "inbox of a small account": f"/?account={SMALL_ACCOUNT}",
    "search that finds": "/?q=Monday",
    "search that finds nothing": "/?q=giraffe",
    "search as it is typed": "/?q=yester",
    "search of what someone wrote": "/?q=order+from:Ada+from:17",
    "search in closed conversations": "/?q=Friday+is:closed",
    "search for a person": "/?q=Ada+17",
    "a long conversation": "/conversations/1",
    "queue": "/queue",
    "queue, sent": "/queue?status=sent",
    "queue, failed": "/queue?status=failed",
    "queue, pending": "/queue?status=pending",
    "health": "/health",
    "health, last week": "/health?hours=168",
    "accounts": "/accounts",
    "settings": "/settings",
    "users": "/users",
    "first steps": "/start",
    "metrics": "/metrics",
    "readiness": "/readyz",
    "API: conversations": "/api/conversations",
    "API: closed conversations": "/api/conversations?status=closed",
    "API: conversations of one contact": "/api/conversations?psid=10000000017",
    "API: messages of a conversation": "/api/conversations/1/messages",
    "API: contacts": "/api/contacts",
    "API: a contact": "/api/contacts/10000000017",
    "API: a contact's export": "/api/contacts/10000000017/export",
    "API: queue": "/api/queue",
    "API: sent items": "/api/queue?status=sent",
    "API: forecast": "/api/queue/forecast",
    "API: accounts": "/api/accounts",
    "API: stats": "/api/stats",
    "API: nodes": "/api/cluster",
}


def figures(on: Path | None = None) -> Iterator[Figure]:
    """Time every page with ten million messages, and with ten thousand."""
    with contextlib.ExitStack() as stack:
        few, many = (_folder(stack, messages, on) for messages in (FEW, MANY))
        theirs, ours = _timed(few), _timed(many)
    for what, ms in ours.items():
        beside = f"{FEW:,} messages {theirs[what]:.0f} ms"
        yield Figure(what, f"{ms:.0f} ms", beside, f"{ms / theirs[what]:.1f}")


def _folder(stack: contextlib.ExitStack, messages: int, on: Path | None) -> Path:
    if on is not None and messages == MANY:
        return on
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    fill(folder, CONVERSATIONS[messages], messages)
    return folder


def _timed(folder: Path) -> Mapping[str, float]:
    started = time.perf_counter()
    with moca(folder, instagram__graph_url=NOBODY) as server:
        found = {"start until it listens": (time.perf_counter() - started) * 1000}
        pages = {**_PAGES, **_inside(server.port)}
        found |= {what: _milliseconds(server.port, path) for what, path in pages.items()}
    return found


def _inside(port: int) -> Mapping[str, str]:
    page = json.loads(_get(port, "/api/conversations/1/messages"))
    mid, cursor = quote(page["items"][0]["mid"]), page["next_cursor"]
    inbox = json.loads(_get(port, "/api/conversations"))["next_cursor"]
    return {
        "inbox, next page": f"/?cursor={inbox}",
        "a long conversation, older": f"/conversations/1?cursor={cursor}",
        "why": f"/messages/{mid}",
        "API: a message's journey": f"/api/messages/{mid}/journey",
    }


def _milliseconds(port: int, path: str) -> float:
    spans = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        _get(port, path)
        spans.append((time.perf_counter() - started) * 1000)
    return median(spans)


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Authorization": "Bearer benchmark-token"})
        answer = connection.getresponse()
        body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered {answer.status}")
    return body


@click.command()
@click.option("--on", type=click.Path(path_type=Path), help="A folder that was filled before.")
def main(on: Path | None) -> None:
    """Time the pages; filling a database takes some minutes and 11 GB of disk."""
    show(Console(width=120), {"pages": tuple(figures(on))})


if __name__ == "__main__":
    main()
