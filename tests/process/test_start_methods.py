"""From Python 3.14 on, Linux no longer forks by default; Moca's two processes still do."""

import pytest

from tests.process.conftest import OURS
from tests.process.service import BRISK, eventually
from tests.process.test_journey import posts

DEFAULT_START_METHOD = """
import multiprocessing.context as context
context._default_context._default_context = context._concrete_contexts["{method}"]
"""


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_it_serves_and_stops_whatever_pythons_default_start_method_is(make, tmp_path, method):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(DEFAULT_START_METHOD.format(method=method))
    service = make(BRISK | OURS)
    service.environment["PYTHONPATH"] = str(site)
    service.start()
    posts(service, "m1")
    eventually(lambda: service.outcome("m1") == "answered")
    assert service.stop() == 0
