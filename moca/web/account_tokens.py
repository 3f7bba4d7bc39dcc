from datetime import datetime, timedelta

from moca.core.accounts import Flavour, SealedToken, WrongKey
from moca.web.config import Ports
from moca.web.errors import Problem

_USUAL_LIFE = timedelta(days=60)


def usual_end(flavour: Flavour, now: datetime) -> datetime | None:
    """Tell when a new token expires where nobody said; None where it does not."""
    return None if flavour is Flavour.FACEBOOK_LOGIN else now + _USUAL_LIFE


def sealed(ports: Ports, token: str, now: datetime, expires_at: datetime | None) -> SealedToken:
    """Make of a token what may be written.

    Raises:
        Problem: 503, the key to seal it with is missing or another one.
    """
    try:
        return SealedToken(ports.seal(token), now, expires_at)
    except WrongKey as error:
        raise Problem(503, str(error)) from None
