from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from moca.core.policy import ConversationPolicy
from moca.core.profile import MessengerProfile
from moca.replies.chain import GeneratorChain
from moca.replies.generator import ReplyGenerator


@dataclass(frozen=True, kw_only=True)
class Bot:
    """What decides and answers for an account."""

    policy: ConversationPolicy
    generator: ReplyGenerator
    profile: MessengerProfile = field(default_factory=MessengerProfile)

    @cached_property
    def quick(self) -> GeneratorChain | None:
        """The generators at the start of the chain that make no calls; None if there are none."""
        return self.generator.quick if isinstance(self.generator, GeneratorChain) else None


BotOf = Callable[[str], Bot]
"""Returns the bot of an account, by the account's id. Called from several threads."""


def same_bot_for_all(policy: ConversationPolicy, generator: ReplyGenerator) -> BotOf:
    """Return a lookup that has one bot for every account."""
    bot = Bot(policy=policy, generator=generator)
    return lambda _account_id: bot
