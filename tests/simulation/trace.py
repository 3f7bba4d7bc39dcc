import hashlib
from typing import Any

from tests.simulation.runtime.virtual_time import Clockwork


class Trace:
    """What happened, line by line: the same for the same script, whatever the machine."""

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        self.lines: list[str] = []

    def tell(self, line: str) -> None:
        self.lines.append(f"{self._clockwork.seconds:10.4f}  {line}")

    def observe(self, event: Any) -> None:
        """Note an event of the system by what names it, never by what has no order."""
        named = [type(event).__name__]
        if reply := getattr(event, "reply", None):
            named.append(f"item={reply.item_id} to={reply.contact.psid}")
        for name in ("item_id", "contact", "conversation_id", "input_ids", "because", "result"):
            value = getattr(event, name, None)
            if value is not None:
                named.append(f"{name}={getattr(value, 'psid', value)}")
        self.tell("   " + " ".join(named))

    def hash(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()
