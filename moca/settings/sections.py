from datetime import UTC, date, datetime
from ipaddress import ip_network
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator

from moca.settings.manners import Manners, Notify
from moca.settings.opening_hours import Opening, OpeningText
from moca.settings.profile import ProfileSection
from moca.settings.replies import Replies
from moca.settings.section import NO_SECRET, Section

SANDBOX_APP_SECRET = "sandbox-app-secret"  # noqa: S105 - public on purpose: it guards nothing
SANDBOX_VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105
SANDBOX_ACCESS_TOKEN = "sandbox-access-token"  # noqa: S105
SANDBOX_ACCOUNT_ID = "17841400000000001"
GRAPH_URL = "https://graph.instagram.com"
FACEBOOK_GRAPH_URL = "https://graph.facebook.com"

Seconds = Annotated[float, Field(ge=0, le=86_400 * 7, allow_inf_nan=False)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name!r}; try 'Europe/Berlin'") from None
    return name


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither an address nor a network; try '127.0.0.1' or '10.0.0.0/8'"
        ) from None
    return text


def _split(value: object) -> object:
    return tuple(filter(None, value.replace(",", " ").split())) if isinstance(value, str) else value


Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_split)]


class Server(Section):
    """Where Moca listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65_535)
    threads: int = Field(default=64, ge=2, le=1024)
    trusted_proxies: Networks = ()

    @property
    def own_address(self) -> str:
        """The address at which this machine reaches the service."""
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{reachable}:{self.port}"


_REDELIVERED_DAYS = 3
_LONGEST_DAYS = 36_500


class Database(Section):
    """Where everything is kept."""

    url: str = Field(default="sqlite:///moca.db", pattern=r"^(sqlite:///.+|postgres(ql)?://.+)$")
    retention_days: int = Field(default=0, ge=0, le=_LONGEST_DAYS)
    audit_days: int = Field(default=730, ge=0, le=_LONGEST_DAYS)

    @field_validator("retention_days")
    @classmethod
    def _outlasts_redelivery(cls, days: int) -> int:
        if 0 < days < _REDELIVERED_DAYS:
            raise ValueError(f"at least {_REDELIVERED_DAYS}, for Meta repeats webhooks; 0 keeps")
        return days


_SHORTEST_LOOK = 10


class Instagram(Section):
    """Which Instagram is spoken to, and as whom."""

    mode: Literal["sandbox", "live"] = "sandbox"
    app_secret: SecretStr = NO_SECRET
    verify_token: SecretStr = NO_SECRET
    access_token: SecretStr = NO_SECRET
    access_token_expires: str = ""
    account_id: str = Field(default="", coerce_numbers_to_str=True)
    graph_url: str = Field(default=GRAPH_URL, pattern=r"^https?://\S+$")
    facebook_graph_url: str = Field(default=FACEBOOK_GRAPH_URL, pattern=r"^https?://\S+$")
    app_id: str = Field(default="", coerce_numbers_to_str=True)
    answer_comments: bool = False
    show_typing: bool = False
    compare_seconds: float = Field(default=300, ge=0, le=86_400)
    token_key: SecretStr = NO_SECRET
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    timeout_seconds: float = Field(default=10, gt=0, le=120)

    @field_validator("compare_seconds")
    @classmethod
    def _leaves_time_to_read(cls, seconds: float) -> float:
        if 0 < seconds < _SHORTEST_LOOK:
            raise ValueError(f"at least {_SHORTEST_LOOK}, or 0 for never")
        return seconds

    @field_validator("access_token_expires")
    @classmethod
    def _is_a_day(cls, day: str) -> str:
        try:
            return day and date.fromisoformat(day).isoformat()
        except ValueError:
            raise ValueError('a day such as "2027-01-31", or empty if not known') from None

    @property
    def access_token_expires_at(self) -> datetime | None:
        """When the day begins on which the access token ends; None where it is not known."""
        day = self.access_token_expires
        return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None

    @property
    def has_built_in_sandbox(self) -> bool:
        """Whether the stand-in for Instagram is part of the process that serves."""
        return self.mode == "sandbox" and self.graph_url == GRAPH_URL


class Conversation(Section):
    """When a contact is answered."""

    dedup_seconds: Seconds = 10
    debounce_seconds: Seconds = 5
    cooldown_seconds: Seconds = 30
    takeover_minutes: float = Field(default=720, ge=0)
    idle_seconds: Seconds = 60
    replies_per_hour: int = Field(default=60, ge=1, le=10_000)


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
    answer_when_open: bool = False

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
    account_media_per_second: int = Field(default=10, ge=1, le=100_000)
    account_reads_per_second: int = Field(default=2, ge=2, le=1000)
    account_private_replies_per_hour: int = Field(default=750, ge=1, le=1_000_000)
    sweep_seconds: float = Field(default=15, gt=0, le=3600)
    max_attempts: int = Field(default=5, ge=1, le=100)
    settle_seconds: Seconds = 10


class Web(Section):
    """Who may look."""

    api_token: SecretStr = NO_SECRET
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/?#]+/?)?$")

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

    broker_url: str = Field(default="", pattern=r"^(amqps?://\S+)?$")
    name: str = Field(default="moca", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    node: str = Field(default="", max_length=200)
    partitions: int = Field(default=32, ge=1, le=1024)


class Settings(Section):
    """All of them."""

    server: Server = Server()
    database: Database = Database()
    instagram: Instagram = Instagram()
    conversation: Conversation = Conversation()
    replies: Replies = Replies()
    business_hours: BusinessHours = BusinessHours()
    manners: Manners = Manners()
    notify: Notify = Notify()
    profile: ProfileSection = ProfileSection()
    sender: Sender = Sender()
    web: Web = Web()
    log: Log = Log()
    cluster: Cluster = Cluster()
