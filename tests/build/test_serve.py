"""make serve: what is saved shows within seconds."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

PATIENCE = 20  # seconds; a loaded machine is slow, a watcher that does not react never gets there


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(address) -> bytes:
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read()
    return b""


def until(question) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def served(built):
    port = free_port()
    log = open(built.path("serve.log"), "w")  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, "scripts/serve.py", "--port", str(port)],
        cwd=built.root,
        env=built.environment(),
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        assert until(lambda: b"A miniature" in fetch(address)), built.path("serve.log").read_text()
        yield built, address, process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()


def test_saved_pages_figures_and_library_files_show_and_ending_it_ends_all(served):
    mini, address, process = served
    picture = address + "assets/figures/tiny/one/first.bin"
    assert fetch(picture)[0] == 3
    assert mini.renders().count("one/first") == 1  # it was whole already

    mini.edit("docs/index.md", "# A miniature", "# A saved page")
    assert until(lambda: b"A saved page" in fetch(address)), mini.path("serve.log").read_text()

    mini.edit("figures_src/figures/one/first.py", "hammer.WEIGHT]", "hammer.WEIGHT + 20]")
    assert until(lambda: fetch(picture)[:1] == bytes([23])), mini.path("serve.log").read_text()

    mini.edit("figures_src/denoised/tools/hammer.py", "= 3", "= 5")  # the same process has to forget the module
    assert until(lambda: fetch(picture)[:1] == bytes([25])), mini.path("serve.log").read_text()

    mini.edit("figures_src/figures/one/first.py", "def make(", "def make((")
    assert until(lambda: "one/first.py" in mini.path("serve.log").read_text())
    assert process.poll() is None
    mini.edit("figures_src/figures/one/first.py", "def make((", "def make(")
    mini.edit("figures_src/figures/one/first.py", "+ 20]", "+ 30]")
    assert until(lambda: fetch(picture)[:1] == bytes([35])), mini.path("serve.log").read_text()

    process.terminate()
    assert process.wait(20) == 0
    assert until(lambda: not fetch(address))


def test_an_open_page_reloads_by_itself_when_prose_is_saved(served, browser):
    mini, address, _ = served
    page = browser.new_page()
    try:
        page.goto(address)
        assert page.locator("h1").inner_text() == "A miniature"
        page.evaluate("window.stayed = true")
        mini.edit("docs/index.md", "# A miniature", "# A saved page")
        page.wait_for_function(
            "() => document.querySelector('h1')?.textContent.trim() === 'A saved page'", timeout=1000 * PATIENCE
        )
        assert page.evaluate("window.stayed") is None, "the browser has loaded it anew"
    finally:
        page.close()


def test_a_watched_project_settles(served):
    """Rendering and rebuilding must not set off the next rebuild."""
    mini, address, _ = served
    mini.edit("figures_src/figures/one/first.py", "hammer.WEIGHT]", "hammer.WEIGHT + 20]")
    assert until(lambda: fetch(address + "assets/figures/tiny/one/first.bin")[:1] == bytes([23]))
    log = mini.path("serve.log")

    def quiet():
        before = log.stat().st_size
        time.sleep(3)
        return log.stat().st_size == before

    assert until(quiet), log.read_text()


def test_killing_it_ends_all(served):
    _, address, process = served
    process.kill()
    process.wait()
    assert until(lambda: not fetch(address))


def test_a_taken_port_is_one_sentence(built):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "scripts/serve.py", "--port", str(port)]
        done = subprocess.run(
            command, cwd=built.root, env=built.environment(), capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr
