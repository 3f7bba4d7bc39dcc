from moca.core.types import OperatorRole


def role_title(role: str) -> str:
    """Return the display name of a role on pages and in the activity log."""
    return OperatorRole(role).display_name
