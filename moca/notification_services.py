import apprise

from moca.core.notifications import Notification, NotificationKind

_TITLES = {
    NotificationKind.HANDED_OVER: "The bot handed over a conversation",
    NotificationKind.TAKEN_OVER: "A teammate took over a conversation in the Instagram app",
    NotificationKind.ACCOUNT_PROBLEM: "An account cannot send",
    NotificationKind.BUDGET_SPENT: "The language model's budget is used up",
    NotificationKind.ACCOUNT_QUIET: "No webhooks arrive for an account",
}


class NotificationService:
    """Sends notifications to e-mail, a chat or another service that Apprise knows."""

    def __init__(self, url: str, origin: str) -> None:
        """Read the service's URL; `origin` is that of Moca's pages, or empty.

        Raises:
            ValueError: If Apprise does not know the URL.
        """
        service = apprise.Apprise.instantiate(url)
        if service is None:
            raise ValueError("Apprise cannot read this URL")
        self._service = service
        self._origin = origin.rstrip("/")

    def send(self, notification: Notification) -> str:
        """Send a notification as text; no problem quotes the URL, which holds secrets."""
        name = self._service.service_name or "service"
        try:
            is_sent = self._service.notify(
                body=_text(notification, self._origin), title=_title(notification)
            )
        except Exception as error:  # noqa: BLE001 - a hundred plugins raise what they like
            return f"{name}: {type(error).__name__}"
        return "" if is_sent else f"{name}: not accepted; the log of Apprise says why"


def _title(notification: Notification) -> str:
    return f"Moca: {_TITLES[notification.kind]}"


def _text(notification: Notification, origin: str) -> str:
    account = f"Account: {notification.account_id}" if notification.account_id else ""
    link = ""
    if origin and notification.conversation_id is not None:
        link = f"{origin}/conversations/{notification.conversation_id}"
    return "\n".join(filter(None, (notification.because, account, link)))
