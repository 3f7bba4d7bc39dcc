import math
from collections.abc import Container
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from actors.background.retention import RetentionPeriods
from moca.core.accounts import AccountStatus, LoginKind, TokenState
from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours, OpeningSpan
from moca.core.conversation.consent import Consent
from moca.core.policy import ConversationPolicy, ReplyMode, SenderPolicy, same_for_all
from moca.core.profile import IceBreaker, MenuItem, MessengerProfile
from moca.core.topics import Mode, TopicMode, TopicModes, check_topic
from moca.settings.errors import BadSettings
from moca.settings.locations import moca_version
from moca.settings.opening_hours import BusinessHoursSection as HoursSection
from moca.settings.sections import Database, Settings
from moca.settings.topics import Topics, delay_minutes
from moca.storage.db.private_file import path_beside
from moca.storage.uploads.retention import UploadRetention
from moca.storage.writer import WriterPolicy
from moca.uploads.folder import UploadFolder
from moca.web.config import WebConfig

_MAX_COURIERS = 256
_FEWEST_RESPONDERS = 8
_MAX_RESPONDERS = 256


def conversation_policy(settings: Settings) -> ConversationPolicy:
    """Return the conversations' policy.

    Raises:
        BadSettings: If holidays are configured but not available, or a topic has a bad name.
    """
    section, replies, hours = settings.conversation, settings.replies, settings.business_hours
    manners = settings.manners
    return ConversationPolicy(
        dedup=timedelta(seconds=section.dedup_seconds),
        debounce=timedelta(seconds=section.debounce_seconds),
        cooldown=timedelta(seconds=section.cooldown_seconds),
        takeover=timedelta(minutes=section.takeover_minutes),
        idle=timedelta(seconds=section.idle_seconds),
        replies_per_hour=section.replies_per_hour,
        checks_rules="rules" in replies.chain,
        mode=ReplyMode(replies.mode),
        generation_timeout=timedelta(seconds=replies.timeout_seconds),
        hours=_business_hours(hours) if hours.enabled else None,
        away_text=hours.away_text,
        answer_when_open=hours.answer_when_open,
        consent=Consent(
            opt_out=Words.of(manners.opt_out_words), opt_in=Words.of(manners.opt_in_words)
        ),
        opt_out_text=manners.opt_out_text,
        opt_in_text=manners.opt_in_text,
        escalation=Words.of(manners.escalation_words),
        hand_over_text=manners.hand_over_text,
        disclosure=replies.disclosure,
        disclosure_gap=timedelta(hours=replies.disclosure_gap_hours),
        topics=topic_modes(settings.topics),
    )


def topic_modes(section: Topics) -> TopicModes:
    """Return the mode of each topic.

    Raises:
        BadSettings: If a topic has a bad name.
    """
    return TopicModes({_topic(name): _topic_mode(text) for name, text in section.modes.items()})


def _topic(name: str) -> str:
    try:
        return check_topic(name)
    except ValueError as error:
        raise BadSettings([f"topics.{name}: {error}"]) from None


def _topic_mode(text: str) -> TopicMode:
    minutes = delay_minutes(text)
    if minutes is None:
        return TopicMode(Mode(text))
    return TopicMode(Mode.DELAY, timedelta(minutes=minutes))


def sender_policy(settings: Settings) -> SenderPolicy:
    """Return the sender's policy."""
    section = settings.sender
    return SenderPolicy(
        per_second=section.per_second,
        account_per_second=section.account_per_second,
        account_media_per_second=section.account_media_per_second,
        account_reads_per_second=section.account_reads_per_second,
        account_private_replies_per_hour=section.account_private_replies_per_hour,
        user_cooldown=timedelta(seconds=section.user_cooldown_seconds),
        couriers=_couriers_for(section.per_second, settings.instagram.timeout_seconds),
        max_attempts=section.max_attempts,
        settle=timedelta(seconds=section.settle_seconds),
        sweep=timedelta(seconds=section.sweep_seconds),
    )


def _couriers_for(per_second: int, timeout_seconds: float) -> int:
    """Return how many calls may hang at once before a sendable reply waits for a courier."""
    return min(_MAX_COURIERS, math.ceil(per_second * timeout_seconds) + 2)


def responders_for(settings: Settings) -> int:
    """Return how many replies are made at once: as set, or enough for the pace with slow ones."""
    replies = settings.replies
    if replies.concurrency:
        return replies.concurrency
    for_the_pace = math.ceil(settings.sender.per_second * replies.timeout_seconds)
    return min(max(for_the_pace, _FEWEST_RESPONDERS), _MAX_RESPONDERS)


def writer_policy(settings: Settings) -> WriterPolicy:
    """Return the writer's policy."""
    return WriterPolicy(
        policy_of=same_for_all(conversation_policy(settings)),
        uploads=UploadRetention(upload_folder(settings), _days(settings.database.uploads_days)),
        stores_notification=bool(settings.notify.url or settings.notify.urls),
    )


def upload_folder(settings: Settings) -> UploadFolder | None:
    """Return the folder of files that operators attach; None if nothing names one."""
    section = settings.database
    if section.uploads_dir:
        return UploadFolder(Path(section.uploads_dir))
    beside = path_beside(section.url, ".uploads")
    return None if beside is None else UploadFolder(beside)


def _days(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None


def comparing_every(settings: Settings) -> timedelta | None:
    """Return how often accounts are compared with Instagram's record; None for never."""
    seconds = settings.instagram.compare_seconds
    return timedelta(seconds=seconds) if seconds else None


def welcome(settings: Settings) -> MessengerProfile:
    """Return the messenger profile that every account shows to its contacts."""
    section = settings.profile
    return MessengerProfile(
        ice_breakers=tuple(
            IceBreaker(question=each.question, payload=each.payload)
            for each in section.ice_breakers
        ),
        menu=tuple(
            MenuItem(title=each.title, url=each.url, payload=each.payload) for each in section.menu
        ),
    )


def web_config(settings: Settings) -> WebConfig:
    """Return the secrets and limits of the web layer."""
    instagram = settings.instagram
    secrets = instagram.app_secret.get_secret_value().split(",")
    return WebConfig(
        app_secrets=tuple(secret.strip() for secret in secrets if secret.strip()),
        verify_token=instagram.verify_token.get_secret_value(),
        api_token=settings.web.api_token.get_secret_value(),
        version=moca_version(),
        live=instagram.mode == "live",
        app_id=instagram.app_id,
        answer_comments=instagram.answer_comments,
        trusted_proxies=settings.server.trusted_proxies,
        own_token=_own_token(settings),
        public_origin=settings.web.public_url.rstrip("/"),
        allows_private_subscribers=settings.notify.allow_private,
        max_upload_bytes=settings.database.max_uploads_mb * 1_000_000,
        zone=settings.business_hours.timezone,
        user_cooldown=timedelta(seconds=settings.sender.user_cooldown_seconds),
        per_second=settings.sender.per_second,
        account_per_second=settings.sender.account_per_second,
    )


def _own_token(settings: Settings) -> TokenState | None:
    instagram = settings.instagram
    expires_at = instagram.access_token_expires_at
    if expires_at is None or not instagram.access_token:
        return None
    return TokenState(
        account_id=own_account_id(settings),
        flavour=LoginKind.INSTAGRAM_LOGIN,
        status=AccountStatus.ACTIVE,
        issued_at=expires_at,
        expires_at=expires_at,
    )


def own_account_id(settings: Settings) -> str:
    """Return the id of the account named in the settings."""
    return settings.instagram.account_id or "default"


def _business_hours(section: HoursSection) -> BusinessHours:
    spans = (tuple(OpeningSpan(each.since, each.until) for each in day) for day in section.week)
    return BusinessHours(
        zone=ZoneInfo(section.timezone),
        weekdays=dict(enumerate(spans)),
        holidays=_holidays(section.holidays),
    )


def _holidays(code: str) -> Container[date]:
    if not code:
        return frozenset()
    try:
        import holidays  # noqa: PLC0415 - an extra, needed only for holidays
    except ImportError:
        raise BadSettings(
            ["business_hours.holidays: install the extra with pip install 'moca-dm[holidays]'"]
        ) from None
    country, _, subdivision = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        raise BadSettings(
            [f"business_hours.holidays: unknown region {code!r}; try 'DE' or 'US-CA'"]
        ) from None


def retention_periods(database: Database) -> RetentionPeriods:
    """Return how long each kind of data is kept."""
    return RetentionPeriods(
        messages=_days(database.retention_days),
        audit=_days(database.audit_days),
        events=_days(database.events_days),
        webhooks=_days(database.webhook_days),
        journeys=_days(database.journey_days),
    )
