"""Meta's webhooks, changed in ways that Meta never would."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moca.web.webhook import MAX_BODY_BYTES
from tests.hostile import odd

PAYLOADS = tuple(
    json.loads(path.read_bytes())
    for path in sorted((Path(__file__).parents[1] / "instagram/payloads").glob("*.json"))
)
ACCOUNT = "17841400000000001"

_TOKENS = (b"null", b"NaN", b'"', b"\\", b"\\ud800", b"\x00", b"\xff", b"[", b"{", b"}", b",", b":")
_MOST_CHANGES = 6
_ONE_IN_A_LARGE = 2_000


Container = dict[str, object] | list[object]


@dataclass(frozen=True)
class Body:
    """The bytes to post, and the id of a valid message in them, if there is one."""

    raw: bytes
    good_mid: str | None = None


class Bodies:
    """Generates bodies endlessly from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._good = 0

    def __iter__(self) -> Iterator[Body]:
        shapes = (self._beside, self._beside, self._among_entries, self._torn, self._noise)
        while True:
            body = self._random.choice(shapes)()
            is_large = self._random.randrange(_ONE_IN_A_LARGE) == 0
            yield self._enlarged(body) if is_large else body

    def _enlarged(self, body: Body) -> Body:
        """Pad it to the size limit, or to one byte more."""
        size = MAX_BODY_BYTES + self._random.randrange(2)
        raw = body.raw + b" " * (size - len(body.raw))
        return Body(raw, body.good_mid if size == MAX_BODY_BYTES else None)

    def _beside(self) -> Body:
        """Put a valid item among malformed ones in one entry."""
        mid, good = self._good_item()
        items = [self._changed(self._item()) for _ in range(self._random.randrange(4))]
        items.insert(self._random.randint(0, len(items)), good)
        entry = {"id": ACCOUNT, "time": self._odd(), "messaging": items}
        return Body(_written({"object": "instagram", "entry": [entry]}), mid)

    def _among_entries(self) -> Body:
        """Put a valid entry among malformed ones, or after one with changes alone."""
        mid, good = self._good_item()
        entries = self._changed(self._entries())
        entries = entries if isinstance(entries, list) else [entries]
        entries.insert(self._random.randint(0, len(entries)), {"id": ACCOUNT, "messaging": [good]})
        return Body(_written({"object": "instagram", "entry": entries}), mid)

    def _torn(self) -> Body:
        """Cut and splice the bytes of a payload, changed or not."""
        payload = self._payload()
        raw = bytearray(_written(self._changed(payload)))
        for _ in range(self._random.randint(1, _MOST_CHANGES)):
            self._tear(raw)
        return Body(bytes(raw))

    def _noise(self) -> Body:
        """Return a changed payload, or nothing but noise."""
        if self._random.random() < 0.5:
            return Body(_written(self._changed(self._payload())))
        return Body(self._random.randbytes(self._random.randrange(200)))

    def _good_item(self) -> tuple[str, dict[str, object]]:
        self._good += 1
        mid = f"good-{self._good}"
        person = {"id": f"289786718384{self._random.randrange(50):05}"}
        message = {"mid": mid, "text": f"text of {mid}"}
        return mid, {"sender": person, "recipient": {"id": ACCOUNT}, "message": message}

    def _payload(self) -> object:
        return copy.deepcopy(self._random.choice(PAYLOADS))

    def _entries(self) -> object:
        payload = self._payload()
        return payload["entry"] if isinstance(payload, dict) else payload

    def _item(self) -> object:
        holders = [node for node in _containers(self._payload()) if "sender" in node]
        return self._random.choice(holders) if holders else {}

    def _odd(self) -> str:
        return odd.placeholder(self._random.randrange(len(odd.RAW)))

    def _changed(self, document: object) -> object:
        for _ in range(self._random.randint(0, _MOST_CHANGES)):
            places = list(_containers(document))
            if places:
                self._change(self._random.choice(places))
        return document if self._random.random() < 0.95 else self._odd()

    def _change(self, node: Container) -> None:
        keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
        change = self._random.randrange(5)
        if change == 0 or not keys:
            self._add(node)
            return
        key = self._random.choice(keys)
        if change == 1:
            del node[key]
        elif change == 2:
            node[key] = self._odd()
        elif change == 3:
            node[key] = [node[key]] * self._random.randint(1, 3)
        else:
            node[key] = self._random.choice(list(_containers(self._payload())))

    def _add(self, node: Container) -> None:
        if isinstance(node, dict):
            node[self._random.choice(odd.KEYS)] = self._odd()
        else:
            node.insert(self._random.randint(0, len(node)), self._odd())

    def _tear(self, raw: bytearray) -> None:
        at = self._random.randint(0, len(raw))
        end = at + self._random.randrange(12)
        match self._random.randrange(5):
            case 0:
                del raw[at:end]
            case 1:
                raw[at:at] = self._random.choice(_TOKENS)
            case 2:
                raw[at:end] = self._random.randbytes(end - at)
            case 3:
                raw[at:at] = raw[: self._random.randint(0, len(raw))]
            case _:
                del raw[at:]


def _written(document: object) -> bytes:
    return odd.write(document).encode("utf-8", "surrogatepass")


def _containers(document: object) -> Iterator[Container]:
    if isinstance(document, dict | list):
        yield document
        for inner in document.values() if isinstance(document, dict) else document:
            yield from _containers(inner)
