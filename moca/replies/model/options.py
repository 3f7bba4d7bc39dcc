from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Which model is called, how, and how often; the same keys as the table of the settings."""

    provider: str
    """`openai`: any server that speaks Chat Completions; or `anthropic`."""
    url: str
    """Empty for the provider's own."""
    api_key: SecretStr
    model: str
    prompt: str
    max_bytes: int
    """Limit of one reply, in bytes of UTF-8."""
    max_tokens: int
    history: int
    timeout_seconds: float
    """Per call."""
    retries: int
    """Calls after the first, if the server was unreachable or failed; never after a 429."""
    per_day: int
    per_account: int
    """0 for no limit but `per_day`."""
    per_contact: int
    circuit_failures: int
    circuit_seconds: float
    may_hand_over: bool
    topics: tuple[str, ...] = ()
    """The topics from which the model chooses one; it is not asked if there are none."""

    @property
    def circuit_rest(self) -> timedelta:
        """Return how long an open circuit rests."""
        return timedelta(seconds=self.circuit_seconds)
