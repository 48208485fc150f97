"""Several threads for the open box, where the service worker has isolated the page and the device has cores to spare."""

import numpy as np
from test_open_box import MINUTES, draw, ready
from visiting import DESKTOP

CORES = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 4 });"
TIMES = "() => document.querySelector('.dn-lab__times').textContent"


def in_charge(page):
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=MINUTES)


def test_half_of_the_cores_and_one_where_memory_cannot_be_shared(visit):
    page = ready(visit(**DESKTOP))
    count = "async w => (await import('../javascripts/lab/model.js')).threads(w)"
    for cores, threads in ((1, 1), (2, 1), (3, 1), (4, 2), (8, 4), (64, 4)):
        device = {"navigator": {"hardwareConcurrency": cores}}
        assert page.evaluate(count, device | {"crossOriginIsolated": True}) == threads
        assert page.evaluate(count, device | {"crossOriginIsolated": False}) == 1


def test_two_threads_draw_the_same(visit):
    """The first visit has one thread, since hosts of plain files don't isolate a page; the next one has two."""
    visitor = visit(service_workers="allow", **DESKTOP)
    visitor.page.add_init_script(CORES)
    page = ready(visitor, "?steps=3")
    assert not page.evaluate("crossOriginIsolated")
    alone = draw(page)
    assert "threads" not in page.evaluate(TIMES)
    in_charge(page)
    page = ready(visitor, "?steps=3")
    assert page.evaluate("crossOriginIsolated")
    together = draw(page)
    assert page.evaluate(TIMES).endswith("on 2 threads.")
    assert alone.std() > 20 and np.abs(together - alone).max() <= 2
