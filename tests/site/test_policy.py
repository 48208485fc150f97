"""The content security policy: each page has one, what the pages do is within it, and what it is against is blocked.

That no page breaks its policy is part of test_no_console_errors, which opens every one: a breach is an error there, as
the first of these tests with a planted one shows.
"""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from visiting import DESKTOP

from sitekit import policy, shell

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
WATCH = "addEventListener('securitypolicyviolation', e => (window.breaches ??= []).push(e.effectiveDirective))"
PROBES = {  # what somebody who can put markup on a page would try -> the directive that stops it
    "inline script": ("const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                      "document.body.append(s)", "script-src-elem"),
    "handler": ("document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.ran = 1\">')",
                "script-src-attr"),
    "script of another origin": ("const s = document.createElement('script'); s.src = 'https://example.org/x.js';"
                                 "document.body.append(s)", "script-src-elem"),
    "script as data": ("const s = document.createElement('script'); s.src = 'data:text/javascript,window.ran = 1';"
                       "document.body.append(s)", "script-src-elem"),
    "text as code": ("setTimeout('window.ran = 1')", "script-src"),
    "address that runs": ("const a = document.createElement('a'); a.href = 'javascript:void(window.ran = 1)';"
                          "document.body.append(a); a.click()", "script-src-elem"),
    "picture of another origin": ("new Image().src = 'https://example.org/x.png?stolen'", "img-src"),
    "fetch of another origin": ("fetch('https://example.org/').catch(() => 0)", "connect-src"),
    "style of another origin": ("const l = document.createElement('link'); l.rel = 'stylesheet';"
                                "l.href = 'https://example.org/x.css'; document.head.append(l)", "style-src-elem"),
    "frame": ("const f = document.createElement('iframe'); f.src = 'https://example.org/'; document.body.append(f)",
              "frame-src"),
    "plug-in": ("const o = document.createElement('object'); o.data = 'https://example.org/x';"
                "document.body.append(o)", "object-src"),
    "base": ("const b = document.createElement('base'); b.href = 'https://example.org/'; document.head.append(b)",
             "base-uri"),
    "form": ("const f = document.createElement('form'); f.action = 'https://example.org/';"
             "document.body.append(f); f.submit()", "form-action"),
    "worker from a blob": ("try { new Worker(URL.createObjectURL(new Blob(['0']))) } catch {}", "worker-src"),
}  # fmt: skip


def test_every_page_has_a_policy_that_names_no_other_origin_and_just_its_own_scripts(site):
    pages = sorted(Path(site).rglob("*.html"))
    assert len(pages) > 10
    for path in pages:
        text = path.read_text(encoding="utf-8")
        (said,) = META.findall(text)
        assert said == policy.policy(text), path
        assert text.index("Content-Security-Policy") < re.search("<(script|link|style)", text).start()
        rules = {name: values for name, *values in (rule.split() for rule in said.split("; "))}
        assert rules["default-src"] == ["'self'"]
        assert rules["base-uri"] == rules["frame-src"] == rules["object-src"] == ["'none'"]
        for name, values in rules.items():
            assert "*" not in values, path
            known = {"'none'", "'self'", "data:", "blob:"} | ({"'unsafe-inline'"} if name == "style-src" else set())
            assert all(value in known or value.startswith("'sha256-") for value in values), (path, name, values)
        assert {"'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}.isdisjoint(rules["script-src"])
        assert len(policy.inline_scripts(text)) <= 4, "Material has three, the frame one; what is the fifth?"


@pytest.fixture(scope="module")
def page(browser, base):
    from visiting import Visitor

    visitor = Visitor(browser, base, **DESKTOP)
    visitor.page.add_init_script(WATCH)
    visitor.answered = []
    visitor.page.on("response", lambda r: visitor.answered.append(r.url) if "example.org" in r.url else None)
    visitor.context.route("https://example.org/**", lambda route: route.fulfill(body="window.ran = 1"))
    yield visitor
    visitor.context.close()


@pytest.mark.parametrize("name", PROBES)
def test_what_it_is_against_is_blocked(page, name):
    code, directive = PROBES[name]
    opened = page.open("notation/")
    opened.evaluate(code)
    opened.wait_for_function("() => window.breaches?.length", timeout=30_000)
    opened.wait_for_timeout(100)
    assert directive in opened.evaluate("window.breaches")
    assert opened.evaluate("window.ran") is None
    assert page.answered == []
    assert any("Content Security Policy" in error for error in page.notes.errors), "it is told on the console"


def test_search_the_colours_and_the_next_page_are_within_it(page):
    """Search runs in a worker; the next page comes without a load, so the first page's policy goes on holding."""
    opened = page.open("")
    opened.keyboard.press("/")
    opened.keyboard.type("noise")
    opened.wait_for_selector(".md-search-result__item a", timeout=60_000)
    opened.keyboard.press("Escape")
    opened.locator("form[data-md-component=palette] label:visible").first.click()
    opened.locator(".md-nav--primary a[href*='notation']").first.evaluate("link => link.click()")
    opened.wait_for_url("**/notation/")
    opened.wait_for_selector(".katex, .arithmatex")
    assert opened.evaluate("window.breaches ?? []") == []
    assert not page.notes.errors


# Without a browser: how the policy is made


def test_a_hash_is_that_of_the_specification():
    """The example of Content Security Policy Level 3, section on hashes."""
    assert policy.script_hash("doSomething();") == "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='"
    assert policy.script_hash("a\r\nb\rc") == policy.script_hash("a\nb\nc")


def test_scripts_that_hold_data_or_name_a_file_need_no_hash():
    page = '<script id="x" type="application/json">{}</script><script src="a.js"></script><script>f()</script>'
    assert policy.inline_scripts(page) == ["f()"]
    made = policy.with_policy('<head><meta charset="utf-8"><title>x</title>' + page)
    assert made.index("Content-Security-Policy") < made.index("<title>")
    assert policy.script_hash("f()") in made
    assert made.count("'sha256-") == 1


def test_the_live_preview_has_none_since_its_server_adds_a_script(monkeypatch):
    page, config = '<head><meta charset="utf-8"></head>', SimpleNamespace(extra_css=[])
    monkeypatch.setitem(shell._state, "serving", True)
    assert "Content-Security-Policy" not in shell.on_post_page(page, None, config)
    monkeypatch.setitem(shell._state, "serving", False)
    assert "Content-Security-Policy" in shell.on_post_page(page, None, config)


def test_the_tests_themselves_wait_by_functions():
    """Playwright runs an expression by eval, which the policy forbids as soon as it has to look a second time."""
    for path in Path(__file__).parent.glob("*.py"):
        for waits in re.findall(r"wait_for_function\(\s*f?\"{1,3}\s*(.{1,20})", path.read_text(encoding="utf-8")):
            assert re.match(r"(async )?(\(\)|\w+) =>", waits), f"{path.name}: {waits}"
