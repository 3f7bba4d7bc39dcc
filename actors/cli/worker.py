import gc
import os
import signal
import threading
from multiprocessing.synchronize import Event

from actors.application import start_application
from actors.cli.process import die_with
from moca.logs import set_up_logs
from moca.settings.sections import Settings
from moca.web.asgi import Doorway


def start_worker(settings: Settings, failed: Event, server_pid: int) -> Doorway:
    """Start everything in the process that does the work; it stops in order after the server.

    Args:
        settings: checked ones, with an API token.
        failed: set when the worker cannot go on, upon which the server is asked to stop.
        server_pid: of the process that began this one, and with which it ends.
    """
    die_with(server_pid)
    set_up_logs(settings.log.level, settings.log.format)

    def stop_for_good(_error: BaseException) -> None:
        failed.set()
        os.kill(server_pid, signal.SIGTERM)

    application = start_application(settings, stop_for_good)
    # What stands for good need not be looked through each time rubbish is collected.
    gc.collect()
    gc.freeze()

    def stop_after_the_server() -> None:
        threading.main_thread().join()
        application.stop()

    threading.Thread(target=stop_after_the_server, name="stop", daemon=False).start()
    return application.asgi
