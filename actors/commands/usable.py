from actors.commands.asking import refuse
from actors.policies import conversation_policy
from moca.replies.problems import BadGenerator
from moca.replies.registry import make_generator
from moca.settings import BadSettings, Settings


def require_usable(settings: Settings) -> None:
    """See whether holidays and reply generators can be had as these settings ask for them.

    Otherwise every fault is told, and the process ends with status 2.
    """
    try:
        conversation_policy(settings)
        make_generator(settings.replies.chain, settings.replies.tables)
    except (BadSettings, BadGenerator) as error:
        refuse(error.problems)
