from ipaddress import ip_address

from moca.settings.sections import Settings

MIN_TOKEN_CHARACTERS = 24
_MIN_DIFFERENT_CHARACTERS = 6
_MAKE_ONE = "make one with `openssl rand -base64 32`"


def exposure_faults(settings: Settings) -> list[str]:
    """Return which settings are too weak for an instance this widely reachable."""
    token = settings.web.api_token.get_secret_value()
    if settings.instagram.mode == "live":
        return _live_faults(token)
    if _is_loopback(settings.server.host) or len(token) >= MIN_TOKEN_CHARACTERS:
        return []
    what = f"a web.api_token of at least {MIN_TOKEN_CHARACTERS} characters"
    secrets = f"the sandbox's secrets are public, so on {settings.server.host} it needs {what}"
    return [f"server.host: {secrets}; {_MAKE_ONE}, or listen on 127.0.0.1"]


def _live_faults(token: str) -> list[str]:
    otherwise = f"{_MAKE_ONE}, or leave it empty and Moca generates one"
    if 0 < len(token) < MIN_TOKEN_CHARACTERS:
        needed = f"at least {MIN_TOKEN_CHARACTERS} characters"
        return [f"web.api_token: live mode needs {needed}; {otherwise}"]
    if token and len(set(token)) < _MIN_DIFFERENT_CHARACTERS:
        return [f"web.api_token: repeats a few characters and is easy to guess; {otherwise}"]
    return []


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
