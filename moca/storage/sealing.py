from cryptography.fernet import Fernet, InvalidToken


def seal(key: str | bytes, token: str) -> str:
    """Make of a token what may be written.

    Raises:
        ValueError: this is no key.
    """
    return Fernet(key).encrypt(token.encode()).decode()


def unseal(key: str | bytes, sealed: str) -> str | None:
    """Give the token back; None if it was sealed with another key.

    Raises:
        ValueError: this is no key.
    """
    try:
        return Fernet(key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None
