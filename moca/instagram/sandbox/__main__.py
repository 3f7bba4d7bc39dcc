from functools import partial

import click
from granian.constants import Interfaces
from granian.server import Server

from moca.instagram.sandbox.standalone import StandaloneOptions, build_app


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=9009, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--webhook",
    default="http://127.0.0.1:8000/api/instagram/webhook",
    show_default=True,
    help="Where webhooks and echoes go.",
)
@click.option("--app-secret", default="sandbox-app-secret", show_default=True)
@click.option("--access-token", default="sandbox-access-token", show_default=True)
@click.option("--account-id", default="17841400000000001", show_default=True)
@click.option("--threads", default=16, show_default=True, type=click.IntRange(1))
def main(
    *,
    host: str,
    port: int,
    webhook: str,
    app_secret: str,
    access_token: str,
    account_id: str,
    threads: int,
) -> None:
    """Run the stand-in for Instagram in a process of its own.

    Its Graph API is at the root: set instagram.graph_url to http://HOST:PORT. POST /sandbox/write
    {"psid","text"} writes as a contact; GET /sandbox/threads shows all threads.
    """
    options = StandaloneOptions(webhook, account_id, app_secret, access_token)
    Server(
        "moca.instagram.sandbox.standalone",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        log_enabled=False,
    ).serve(target_loader=partial(build_app, options), wrap_loader=False)


if __name__ == "__main__":
    main()
