import re

from moca.core.types import fold_name

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 200

_MIN_DIFFERENT = 5
_MIN_NAME_LENGTH = 4
# What leaked passwords of ten characters and more mostly are: a word, or a walk over the keys.
_COMMON = re.compile(
    "(administrator|basketball|changeme|charlie|chocolate|football|iloveyou|instagram|letmein"
    "|liverpool|manchester|mypassword|passw0rd|password|princess|qwerty|sunshine|superman|welcome"
    "|whatever|1q2w3e4r5t|1qaz2wsx3edc|q1w2e3r4t5|qazwsxedcrfv|zaq12wsxcde3)[0-9!.@#$*]*"
)
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def fault_in_password(password: str, name: str) -> str | None:
    """Return why an operator must not have this password, or None."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        return f"must be {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters long"
    folded, owner = fold_name(password), fold_name(name)
    if _COMMON.fullmatch(folded) or len(set(folded)) < _MIN_DIFFERENT or _is_run(folded):
        return "is too easy to guess; take several unrelated words"
    if len(owner) >= _MIN_NAME_LENGTH and owner in folded:
        return "must not contain the name"
    return None


def _is_run(folded: str) -> bool:
    return any(folded in run or folded in run[::-1] for run in _RUNS)
