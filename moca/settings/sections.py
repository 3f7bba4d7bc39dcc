from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from moca.settings.opening import Opening, OpeningText

SANDBOX_APP_SECRET = "sandbox-app-secret"  # noqa: S105 - public on purpose: it guards nothing
SANDBOX_VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105
SANDBOX_ACCESS_TOKEN = "sandbox-access-token"  # noqa: S105
SANDBOX_ACCOUNT_ID = "17841400000000001"
GRAPH_URL = "https://graph.instagram.com"

Seconds = Annotated[float, Field(ge=0, le=86_400 * 7, allow_inf_nan=False)]
NO_SECRET = SecretStr("")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name!r}; try 'Europe/Berlin'") from None
    return name


class Section(BaseModel):
    """A table of the settings file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where Moca listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65_535)
    threads: int = Field(default=64, ge=2, le=1024)


class Database(Section):
    """Where everything is kept."""

    url: str = Field(default="sqlite:///moca.db", pattern=r"^(sqlite:///.+|postgres(ql)?://.+)$")
    retention_days: int = Field(default=0, ge=0)


class Instagram(Section):
    """Which Instagram is spoken to, and as whom."""

    mode: Literal["sandbox", "live"] = "sandbox"
    app_secret: SecretStr = NO_SECRET
    verify_token: SecretStr = NO_SECRET
    access_token: SecretStr = NO_SECRET
    account_id: str = Field(default="", coerce_numbers_to_str=True)
    graph_url: str = Field(default=GRAPH_URL, pattern=r"^https?://\S+$")
    api_version: str = Field(default="v25.0", pattern=r"^v\d+\.\d+$")
    timeout_seconds: float = Field(default=10, gt=0, le=120)


class Conversation(Section):
    """When a contact is answered."""

    dedup_seconds: Seconds = 10
    debounce_seconds: Seconds = 5
    cooldown_seconds: Seconds = 30
    takeover_minutes: float = Field(default=720, ge=0)
    idle_seconds: Seconds = 60
    replies_per_hour: int = Field(default=60, ge=1, le=10_000)


class Replies(Section):
    """What is answered."""

    generator: Literal["mock"] = "mock"
    mock_text: str = "This would be an AI generated message"
    mode: Literal["per_group", "combined"] = "per_group"
    timeout_seconds: float = Field(default=30, gt=0, le=600)


class BusinessHours(Section):
    """When automatic replies are given at all."""

    enabled: bool = False
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    monday: tuple[OpeningText, ...] = ("09:00-17:00",)
    tuesday: tuple[OpeningText, ...] = ("09:00-17:00",)
    wednesday: tuple[OpeningText, ...] = ("09:00-17:00",)
    thursday: tuple[OpeningText, ...] = ("09:00-17:00",)
    friday: tuple[OpeningText, ...] = ("09:00-17:00",)
    saturday: tuple[OpeningText, ...] = ()
    sunday: tuple[OpeningText, ...] = ()
    holidays: str = Field(default="", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")
    away_text: str = ""

    @property
    def week(self) -> tuple[tuple[Opening, ...], ...]:
        """The spans of each weekday, Monday first."""
        days = (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )
        return tuple(tuple(Opening.parse(span) for span in day) for day in days)


class Sender(Section):
    """How fast replies go out, and what happens to those that do not arrive."""

    per_second: int = Field(default=3, ge=1, le=100_000)
    account_per_second: int = Field(default=100, ge=1, le=100_000)
    user_cooldown_seconds: Seconds = 7
    sweep_seconds: float = Field(default=15, gt=0, le=3600)
    max_attempts: int = Field(default=5, ge=1, le=100)
    settle_seconds: Seconds = 10


class Web(Section):
    """Who may look."""

    api_token: SecretStr = NO_SECRET

    @field_validator("api_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < 8:  # noqa: PLR2004
            raise ValueError("at least 8 characters, or empty to have one made")
        return token


class Log(Section):
    """What is written to the terminal."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["console", "json"] = "console"


class Cluster(Section):
    """More than one machine."""

    broker_url: str = ""


class Settings(Section):
    """All of them."""

    server: Server = Server()
    database: Database = Database()
    instagram: Instagram = Instagram()
    conversation: Conversation = Conversation()
    replies: Replies = Replies()
    business_hours: BusinessHours = BusinessHours()
    sender: Sender = Sender()
    web: Web = Web()
    log: Log = Log()
    cluster: Cluster = Cluster()
