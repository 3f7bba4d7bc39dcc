from collections.abc import Mapping
from dataclasses import dataclass, field

OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How each part is: `ok`, or the reason why it is not; no reason names a secret."""

    database: str = OK
    sender: str = OK
    supervisor: str = OK
    accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether webhooks can be taken in and written; accounts may be in trouble all the same."""
        return self.database == self.supervisor == OK
