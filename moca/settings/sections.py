from datetime import UTC, date, datetime
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator

from moca.settings.manners import Manners, Notify
from moca.settings.opening_hours import BusinessHoursSection
from moca.settings.profile import ProfileSection
from moca.settings.replies import Replies
from moca.settings.section import NO_SECRET, Section
from moca.settings.topics import Topics

SANDBOX_APP_SECRET = "sandbox-app-secret"  # noqa: S105 - public on purpose: it guards nothing
SANDBOX_VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105
SANDBOX_ACCESS_TOKEN = "sandbox-access-token"  # noqa: S105
SANDBOX_APP_ID = "1"
SANDBOX_ACCOUNT_ID = "17841400000000001"
GRAPH_URL = "https://graph.instagram.com"
FACEBOOK_GRAPH_URL = "https://graph.facebook.com"

Seconds = Annotated[float, Field(ge=0, le=86_400 * 7, allow_inf_nan=False)]


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not an address or network; try '127.0.0.1' or '10.0.0.0/8'"
        ) from None
    return text


def _split(value: object) -> object:
    return tuple(filter(None, value.replace(",", " ").split())) if isinstance(value, str) else value


Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_split)]


class Server(Section):
    """Where Moca listens."""

    host: str = "127.0.0.1"
    """Listen only on this machine. In live mode, put a reverse proxy with TLS in front."""
    port: int = Field(default=8000, ge=1, le=65_535)
    """Serves the pages, the API and the webhook."""
    threads: int = Field(default=64, ge=2, le=1024)
    """Requests of users and API clients handled at a time. A webhook needs no thread while it waits
    for its commit.
    """
    trusted_proxies: Networks = ()
    """Proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted, as addresses or
    networks, for example ["127.0.0.1"]. Without it, all clients behind a proxy share its address.
    """

    @property
    def own_address(self) -> str:
        """Return the URL at which this machine reaches the service."""
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{reachable}:{self.port}"


_REDELIVERED_DAYS = 3
_MAX_DAYS = 36_500


class Database(Section):
    """Where data is stored."""

    url: str = Field(default="sqlite:///moca.db", pattern=r"^(sqlite:///.+|postgres(ql)?://.+)$")
    """Relative to the folder of a file given by --config, else to MOCA_DATA_DIR or the working
    directory; sqlite:////var/lib/moca/moca.db is absolute. Or postgresql://…
    """
    retention_days: int = Field(default=0, ge=0, le=_MAX_DAYS)
    """Delete finished messages and everything that belongs to them after this many days; at least
    3. 0 keeps everything.
    """
    webhook_days: int = Field(default=30, ge=0, le=_MAX_DAYS)
    """How long webhook bodies are kept for `rehearse` once their messages are done. 0: always."""
    journey_days: int = Field(default=90, ge=0, le=_MAX_DAYS)
    """After how long answered messages keep only their main steps. 0 keeps every step."""
    audit_days: int = Field(default=730, ge=0, le=_MAX_DAYS)
    """How long the activity log at /users is kept. 0 keeps it forever."""
    events_days: int = Field(default=30, ge=0, le=_MAX_DAYS)
    """How long events are kept for programs that read GET /api/events. 0 keeps them forever."""
    uploads_dir: str = ""
    """The folder for files that the team attaches to replies. Empty: moca.db.uploads beside the
    SQLite database. With PostgreSQL it must be set, and all nodes must share it.
    """
    uploads_days: int = Field(default=30, ge=0, le=_MAX_DAYS)
    """How long a sent file is kept, so that the conversation shows it; it is always deleted with
    its message. 0 keeps it as long as the message.
    """
    max_uploads_mb: int = Field(default=4000, ge=25, le=10_000_000)
    """The most space for all attached files together."""

    @field_validator("retention_days")
    @classmethod
    def _outlasts_redelivery(cls, days: int) -> int:
        if 0 < days < _REDELIVERED_DAYS:
            raise ValueError(
                f"at least {_REDELIVERED_DAYS}, because Meta redelivers webhooks; 0 keeps"
            )
        return days


_MIN_COMPARE_MINUTES = 10


class Instagram(Section):
    """Which Instagram is called, and for which account."""

    mode: Literal["sandbox", "live"] = "sandbox"
    """"sandbox": the built-in stand-in, no account needed. "live": Meta."""
    app_secret: SecretStr = NO_SECRET
    """Verifies Meta's webhooks. Separate several with commas while you replace one. The sandbox has
    its own.
    """
    verify_token: SecretStr = NO_SECRET
    """The value that you enter beside the webhook URL in Meta's dashboard."""
    access_token: SecretStr = NO_SECRET
    """Of the account that is used if no connected account matches."""
    access_token_expires: str = ""
    """The day on which it expires, for example "2027-01-31"; tokens from Meta's dashboard last 60
    days. Moca warns you beforehand.
    """
    account_id: str = Field(default="", coerce_numbers_to_str=True)
    """The user_id of GET /me: the number that webhooks carry as entry.id."""
    graph_url: str = Field(default=GRAPH_URL, pattern=r"^https?://\S+$")
    """Where replies are sent in live mode. In sandbox mode, another URL replaces the built-in
    stand-in.
    """
    facebook_graph_url: str = Field(default=FACEBOOK_GRAPH_URL, pattern=r"^https?://\S+$")
    """The same for accounts connected with Facebook login."""
    app_id: str = Field(default="", coerce_numbers_to_str=True)
    """Of your Meta app: needed to connect accounts at /connect, and to recognize which app controls
    a thread. Its secret is the first one in app_secret. The sandbox has its own.
    """
    show_typing: bool = False
    """true: show "seen" and "typing" to the contact while a reply is generated, if nothing else is
    waiting. Takes two extra calls, outside the limits of [sender].
    """
    compare_seconds: float = Field(default=300, ge=0, le=86_400)
    """How often Moca reads Instagram's message history to find messages for which no webhook
    arrived, with one of the two reads per second. 0: never.
    """
    answer_comments: bool = False
    """true: answer each comment with one private reply, within 7 days."""
    token_key: SecretStr = NO_SECRET
    """Encrypts the access tokens in the database. Separate several with commas while you replace
    one: the first encrypts, all decrypt. Empty: a key file beside the SQLite database, created with
    the first token.
    """
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    """Meta supports a version for about two years."""
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    """A call without a complete response by then counts as unconfirmed, and its outcome is checked.
    """

    @field_validator("compare_seconds")
    @classmethod
    def _leaves_time_to_read(cls, seconds: float) -> float:
        if 0 < seconds < _MIN_COMPARE_MINUTES:
            raise ValueError(f"at least {_MIN_COMPARE_MINUTES}, or 0 for never")
        return seconds

    @field_validator("access_token_expires")
    @classmethod
    def _is_a_day(cls, day: str) -> str:
        try:
            return day and date.fromisoformat(day).isoformat()
        except ValueError:
            raise ValueError('a date such as "2027-01-31", or empty if unknown') from None

    @property
    def access_token_expires_at(self) -> datetime | None:
        """Return the start of the day on which the access token expires; None if unknown."""
        day = self.access_token_expires
        return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None

    @property
    def has_built_in_sandbox(self) -> bool:
        """Return whether the stand-in for Instagram runs inside the serving process."""
        return self.mode == "sandbox" and self.graph_url == GRAPH_URL


class ConversationSection(Section):
    """When a contact is answered."""

    dedup_seconds: Seconds = 10
    """The same text within this time is a duplicate and is not answered again."""
    debounce_seconds: Seconds = 5
    """Wait this long after the first unanswered message, because contacts often split one thought
    into several messages.
    """
    cooldown_seconds: Seconds = 30
    """Wait this long after the bot's last message; messages that arrive in the meantime are
    answered together.
    """
    takeover_minutes: float = Field(default=720, ge=0)
    """How long the bot stays silent after a teammate replied, in the Instagram app or from Moca."""
    replies_per_hour: int = Field(default=60, ge=1, le=10_000)
    """Per contact. Stops two bots that reply to each other; the journey shows the reason."""
    idle_seconds: Seconds = 60
    """Unload a conversation from memory after this long without activity; the database keeps it."""


class Sender(Section):
    """How fast replies are sent, and how failed sends are retried."""

    per_second: int = Field(default=3, ge=1, le=100_000)
    """For all accounts together, in any window of one second."""
    account_per_second: int = Field(default=100, ge=1, le=100_000)
    """Per account; Meta's own limit for text."""
    account_media_per_second: int = Field(default=10, ge=1, le=100_000)
    """The same for pictures, videos, audio and files."""
    account_reads_per_second: int = Field(default=2, ge=2, le=1000)
    """Per account, for conversations and contact names; Meta's own limit."""
    account_private_replies_per_hour: int = Field(default=750, ge=1, le=1_000_000)
    """Per account; Meta's own limit for private replies to comments."""
    user_cooldown_seconds: Seconds = 7
    """Between two messages to one contact, so that they can be read."""
    sweep_seconds: float = Field(default=15, gt=0, le=3600)
    """How often the database is searched for work that is not in memory."""
    max_attempts: int = Field(default=5, ge=1, le=100)
    """Calls for one reply before it fails, with the reason."""
    settle_seconds: Seconds = 10
    """After a call with unknown outcome: how long to wait before reading Instagram's message
    history, and before each further read.
    """


class Web(Section):
    """Access to the pages and the API."""

    api_token: SecretStr = NO_SECRET
    """Opens the pages and the API; at least 24 characters in live mode. Empty: generated, stored in
    moca.db.token beside the database, and printed as a link (in live mode only to a terminal).
    """
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/?#]+/?)?$")
    """The public address, https://your.host: used by /connect, the privacy callbacks and the
    doctor. Required for the first two in live mode.
    """

    @field_validator("api_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < 8:  # noqa: PLR2004
            raise ValueError("at least 8 characters, or empty to generate one")
        return token


class Log(Section):
    """What is logged to the terminal."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """DEBUG, INFO, WARNING or ERROR. A log line's message=7 is the page /messages/message-7.
    Instagram's IDs are logged only at DEBUG.
    """
    format: Literal["console", "json"] = "console"
    """"json": for machines."""


class Cluster(Section):
    """Operation on more than one machine."""

    broker_url: str = Field(default="", pattern=r"^(amqps?://\S+)?$")
    """amqps://user:password@host:5671/vhost of RabbitMQ, or amqp:// on this machine. Empty: a
    single node.
    """
    name: str = Field(default="moca", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Of the exchange and the queues, so that several clusters can share a broker."""
    node: str = Field(default="", max_length=200)
    """This node's unique name. Empty: its host and port."""
    partitions: int = Field(default=32, ge=1, le=1024)
    """Number of groups that contacts are divided into, each owned by one node. The same on all
    nodes, and a few times the number of nodes.
    """


class Settings(Section):
    """All settings."""

    server: Server = Server()
    database: Database = Database()
    instagram: Instagram = Instagram()
    conversation: ConversationSection = ConversationSection()
    replies: Replies = Replies()
    business_hours: BusinessHoursSection = BusinessHoursSection()
    manners: Manners = Manners()
    topics: Topics = Topics()
    notify: Notify = Notify()
    profile: ProfileSection = ProfileSection()
    sender: Sender = Sender()
    web: Web = Web()
    log: Log = Log()
    cluster: Cluster = Cluster()
