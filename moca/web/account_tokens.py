from datetime import datetime, timedelta

from moca.core.accounts import LoginKind, SealedToken, WrongEncryptionKey
from moca.web.config import WebPorts
from moca.web.errors import Problem

_USUAL_LIFE = timedelta(days=60)


def usual_end(flavour: LoginKind, now: datetime) -> datetime | None:
    """Return the expected expiry of a new token if Meta states none; None if it does not expire."""
    return None if flavour is LoginKind.FACEBOOK_LOGIN else now + _USUAL_LIFE


def sealed(ports: WebPorts, token: str, now: datetime, expires_at: datetime | None) -> SealedToken:
    """Return an encrypted token for storage.

    Raises:
        Problem: 503 if the encryption key is missing or wrong.
    """
    try:
        return SealedToken(ports.seal(token), now, expires_at)
    except WrongEncryptionKey as error:
        raise Problem(503, str(error)) from None
