from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """Which model is asked, how, and how often; one for one with the table of the settings."""

    provider: str
    """`openai`: any server that speaks its chat completions; or `anthropic`."""
    url: str
    """Empty for the provider's own."""
    api_key: SecretStr
    model: str
    prompt: str
    max_bytes: int
    """Of UTF-8, of one reply."""
    max_tokens: int
    history: int
    timeout_seconds: float
    """Of one call."""
    retries: int
    """Calls after the first, where the server was not reached or failed; never after a 429."""
    per_day: int
    per_contact: int
    circuit_failures: int
    circuit_seconds: float
    may_hand_over: bool

    @property
    def circuit_rest(self) -> timedelta:
        """How long an open circuit rests."""
        return timedelta(seconds=self.circuit_seconds)
