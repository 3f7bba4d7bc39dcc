from dataclasses import dataclass

from moca.core.accounts import LoginKind

_INSTAGRAM_SCOPES = ("instagram_business_basic", "instagram_business_manage_messages")
_FACEBOOK_SCOPES = (
    "instagram_basic",
    "instagram_manage_messages",
    "pages_manage_metadata",
    "pages_show_list",
    "pages_read_engagement",
)
_MESSAGE_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "message_edit",
    "messaging_referral",
    "messaging_optins",
    "messaging_handover",
    "standby",
)
_COMMENT_FIELDS = ("comments", "live_comments", "mentions")
_PAGE_FIELDS = ("messages", "messaging_postbacks", "message_reactions")


@dataclass(frozen=True, slots=True)
class Permissions:
    """The permissions that an account's owner is asked for.

    Source: Meta's page "Instagram webhook fields and permissions" of 28 October 2026. Comments and
    mentions need a permission of their own. With Facebook's login a Page is subscribed, and the
    app's own selection decides which of Instagram's fields are sent.
    """

    scopes: tuple[str, ...]
    fields: tuple[str, ...]
    required_scopes: frozenset[str]
    """Without these, messages or comments cannot be read and answered."""
    required_fields: frozenset[str]


def permissions_for(flavour: LoginKind, *, answers_comments: bool) -> Permissions:
    """Return what Moca needs of an account connected by this login."""
    if flavour is LoginKind.FACEBOOK_LOGIN:
        comments = ("instagram_manage_comments",) if answers_comments else ()
        return Permissions(
            scopes=_FACEBOOK_SCOPES + comments,
            fields=_PAGE_FIELDS,
            required_scopes=frozenset((*_FACEBOOK_SCOPES[:2], *comments)),
            required_fields=frozenset({"messages"}),
        )
    comments = ("instagram_business_manage_comments",) if answers_comments else ()
    fields = _COMMENT_FIELDS if answers_comments else ()
    return Permissions(
        scopes=_INSTAGRAM_SCOPES + comments,
        fields=_MESSAGE_FIELDS + fields,
        required_scopes=frozenset(_INSTAGRAM_SCOPES + comments),
        required_fields=frozenset({"messages", *(_COMMENT_FIELDS[:2] if answers_comments else ())}),
    )
