"""The swap to another conversation, in a browser: `python -m tests.benchmarks.swap [--on FOLDER]`.

From the click until the thread is drawn; the server's part is that of the one request.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from tests.benchmarks.acks import NOBODY
from tests.benchmarks.support.figures import Figure, percentile, show
from tests.benchmarks.support.full_database import fill
from tests.benchmarks.support.servers import moca

FEW, MANY = 10_000, 1_000_000
MESSAGES_EACH = 100
ROUNDS = 60
_SWAP = """async (number) => {
  const row = document.querySelectorAll("#list .row")[number];
  const drawn = new Promise((done) => {
    const watch = new MutationObserver(() => {
      if (document.querySelector("#live")?.dataset.live !== row.pathname) return;
      watch.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
    });
    watch.observe(document.querySelector("#main"), { childList: true, subtree: true });
  });
  performance.clearResourceTimings();
  const began = performance.now();
  row.click();
  const span = (await drawn) - began;
  const [request] = performance.getEntriesByName(row.href);
  return [span, request.duration];
}"""


def figures(messages: int = MANY, on: Path | None = None) -> Iterator[Figure]:
    """Time swaps with a million messages, and with ten thousand in the same run."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        of_few = _swaps(Path(few), FEW)
        of_many = _swaps(on or Path(many), messages)
    for what, ours, theirs in zip(
        ("from the click until it is drawn", "of that, its request"), of_many, of_few, strict=True
    ):
        halves = [
            f"p50 {percentile(each, 0.5):.0f} ms, p95 {percentile(each, 0.95):.0f} ms"
            for each in (ours, theirs)
        ]
        ratio = percentile(ours, 0.5) / percentile(theirs, 0.5)
        yield Figure(what, halves[0], f"{FEW:,} messages: {halves[1]}", f"{ratio:.1f}")


def _swaps(folder: Path, messages: int) -> tuple[list[float], list[float]]:
    """Return how long each swap took, and its request, in milliseconds."""
    if not (folder / "moca.db").exists():
        fill(folder, messages // MESSAGES_EACH, messages)
    with moca(folder, instagram__graph_url=NOBODY) as server, _browser(server.port) as page:
        rows = page.locator("#list .row").count()
        spans = [page.evaluate(_SWAP, 1 + number % (rows - 1)) for number in range(ROUNDS + 5)][5:]
    return [span for span, _ in spans], [request for _, request in spans]


@contextlib.contextmanager
def _browser(port: int) -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/?token=benchmark-token")
        page.goto(f"http://127.0.0.1:{port}/conversations/1")
        yield page
        browser.close()


@click.command()
@click.option("--messages", default=MANY, show_default=True, help="How many messages to have.")
@click.option("--on", type=click.Path(path_type=Path), help="A folder to fill, or filled before.")
def main(messages: int, on: Path | None) -> None:
    """Measure; a million messages take some minutes to fill."""
    show(Console(width=120), {"swap": tuple(figures(messages, on))})


if __name__ == "__main__":
    main()
