import gc
import os
import signal
import threading
from multiprocessing.synchronize import Event

from actors.application import start_application
from actors.cli.process import die_with
from moca.logs import set_up_logs
from moca.settings.sections import Settings
from moca.web.asgi import WebhookGateway


def start_worker(settings: Settings, failed: Event, server_pid: int) -> WebhookGateway:
    """Start everything in the worker process; it stops in order after the server.

    Args:
        settings: Validated settings, with an API token.
        failed: Set when the worker cannot go on, which asks the server to stop.
        server_pid: The parent process, with which this one ends.
    """
    die_with(server_pid)
    set_up_logs(settings.log.level, settings.log.format)

    def stop_for_good(_error: BaseException) -> None:
        failed.set()
        os.kill(server_pid, signal.SIGTERM)

    application = start_application(settings, stop_for_good)
    # Objects that live forever need not be walked at every collection.
    gc.collect()
    gc.freeze()

    def stop_after_the_server() -> None:
        threading.main_thread().join()
        application.stop()

    threading.Thread(target=stop_after_the_server, name="stop", daemon=False).start()
    return application.asgi
