from collections.abc import Iterator

from moca.notification_client import NotificationClient, NotificationTarget, NotificationTargets
from moca.settings.errors import BadSettings
from moca.settings.sections import Settings


def notification_targets(settings: Settings) -> NotificationTargets | None:
    """Return where notifications go; None if nowhere.

    Raises:
        BadSettings: If a service's URL is invalid, or the extra is missing; it quotes no URL.
    """
    targets = tuple(_targets(settings))
    return NotificationTargets(targets) if targets else None


def _targets(settings: Settings) -> Iterator[NotificationTarget]:
    notify = settings.notify
    if notify.url:
        secret = notify.secret.get_secret_value()
        yield NotificationClient(notify.url, secret, notify.timeout_seconds)
    if not notify.urls:
        return
    try:
        from moca.notification_services import NotificationService  # noqa: PLC0415 - an extra
    except ImportError:
        raise BadSettings(
            ["notify.urls: install the extra with pip install 'moca-dm[notify]'"]
        ) from None
    for place, url in enumerate(notify.urls):
        try:
            yield NotificationService(url.get_secret_value(), settings.web.public_url)
        except ValueError:
            raise BadSettings(
                [f"notify.urls.{place}: not a URL of Apprise; see https://appriseit.com"]
            ) from None
