from dataclasses import dataclass, field

from moca.core.accounts import Credentials, Flavour


@dataclass(frozen=True, slots=True)
class Access:
    """Where an account's calls go, and with which token."""

    root: str
    """The host with the version, such as `https://graph.instagram.com/v26.0`."""
    token: str = field(repr=False)
    node: str = "me"
    """What stands for the account in an address."""

    def address(self, path: str) -> str:
        """Give the whole address of a path; one that begins with `me` means the account."""
        first, slash, rest = path.partition("/")
        return f"{self.root}/{self.node if first == 'me' else first}{slash}{rest}"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where each flavour's Graph API is."""

    instagram: str
    facebook: str
    api_version: str

    def host(self, flavour: Flavour) -> str:
        """Give a flavour's host, without a version."""
        is_facebook = flavour is Flavour.FACEBOOK_LOGIN
        return (self.facebook if is_facebook else self.instagram).rstrip("/")

    def root(self, flavour: Flavour) -> str:
        """Give a flavour's host with the version."""
        return f"{self.host(flavour)}/{self.api_version}"

    def access(self, credentials: Credentials) -> Access:
        """Say how an account is called; by Facebook's login in the name of its Page."""
        root = self.root(credentials.flavour)
        if credentials.flavour is Flavour.FACEBOOK_LOGIN:
            return Access(root, credentials.token, credentials.page_id or "me")
        return Access(root, credentials.token)
