from dataclasses import dataclass, field

from moca.core.accounts import Credentials, LoginKind


@dataclass(frozen=True, slots=True)
class GraphAccess:
    """The address and the token of an account's calls."""

    root: str
    """The host with the version, such as `https://graph.instagram.com/v26.0`."""
    token: str = field(repr=False)
    node: str = "me"
    """The account's name in an address."""

    def address(self, path: str) -> str:
        """Return the full URL of a path; a leading `me` means the account."""
        first, slash, rest = path.partition("/")
        return f"{self.root}/{self.node if first == 'me' else first}{slash}{rest}"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The Graph API's hosts, by flavour."""

    instagram: str
    facebook: str
    api_version: str

    def host(self, flavour: LoginKind) -> str:
        """Return a flavour's host, without a version."""
        is_facebook = flavour is LoginKind.FACEBOOK_LOGIN
        return (self.facebook if is_facebook else self.instagram).rstrip("/")

    def root(self, flavour: LoginKind) -> str:
        """Return a flavour's host with the version."""
        return f"{self.host(flavour)}/{self.api_version}"

    def access(self, credentials: Credentials) -> GraphAccess:
        """Return how to call an account; with Facebook's login, calls are made for its Page."""
        root = self.root(credentials.flavour)
        if credentials.flavour is LoginKind.FACEBOOK_LOGIN:
            return GraphAccess(root, credentials.token, credentials.page_id or "me")
        return GraphAccess(root, credentials.token)
