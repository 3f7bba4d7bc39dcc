from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


def seal(keys: Sequence[str | bytes], token: str) -> str:
    """Encrypt a token with the first of these keys.

    Raises:
        ValueError: one of the keys is not valid.
    """
    return _all(keys).encrypt(token.encode()).decode()


def unseal(keys: Sequence[str | bytes], sealed: str) -> str | None:
    """Decrypt a token, or return None if it was encrypted with none of these keys.

    Raises:
        ValueError: one of the keys is not valid.
    """
    try:
        return _all(keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _all(keys: Sequence[str | bytes]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
