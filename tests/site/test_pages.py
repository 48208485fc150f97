"""Every page of the sitemap and the 404 page on a desktop, in light and in dark: one visit each. The same on a phone is in
test_pages_phone.py, so that another worker can do it meanwhile."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from visiting import DESKTOP, LOST, PHONE, Undrawn, Visitor, shared_out

ROOT = Path(__file__).resolve().parents[2]
DEVICE = "desktop"
LIMIT = 1_500_000  # bytes of a first load, compressed, cold cache, before scrolling
LINE = 70  # characters

# Scrolling fades the header's two titles into each other; half faded, either would be too pale for axe.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true; })"

BROKEN_IMAGES = """() => [...document.querySelectorAll('.md-main img')]
    .filter(i => i.checkVisibility() && !(i.complete && i.naturalWidth > 0)).map(i => i.currentSrc || i.src)"""

OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const scrolls = e => { for (; e && e !== document.body; e = e.parentElement)
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX)) return true; };
    return ['page is ' + document.documentElement.scrollWidth + ' px wide'].concat(
        [...document.querySelectorAll('main *')]
            .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e))
            .slice(0, 5).map(e => `<${e.localName} class="${e.className}">`));
}"""

# Words are put together to lines by where they stand; a word that breaks ends a line.
LONG_LINES = """limit => {
    const long = [];
    const blocks = '.md-content p, .md-content li, .md-content figcaption, .md-content dd';
    for (const block of document.querySelectorAll(blocks)) {
        if (!block.checkVisibility() || block.closest('table, .dn-widget, .jupyter-wrapper')) continue;
        const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT), range = document.createRange();
        let bottom = null, line = '';
        const end = () => { if (line.trim().length > limit) long.push(line.trim()); line = ''; };
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (node.parentElement.closest('.katex, .dn-sr, pre, p, li, figcaption, dd') !== block) continue; // prose only
            for (const word of node.data.matchAll(/\\s*\\S+/g)) {
                range.setStart(node, word.index + word[0].search(/\\S/));
                range.setEnd(node, word.index + word[0].length);
                const rects = range.getClientRects(), last = rects[rects.length - 1];
                if (!last) continue;
                if (bottom !== null && Math.abs(last.bottom - bottom) > 9) end();
                bottom = last.bottom;
                let text = word[0].replace(/\\s+/g, ' ');
                if (rects.length > 1 && rects[0].bottom < last.bottom - 9) { // broken: only its last part is here
                    const all = [...rects].reduce((sum, r) => sum + r.width, 0);
                    end();
                    text = text.slice(-Math.ceil(text.length * last.width / all));
                }
                line += text;
            }
        }
        end();
    }
    return long;
}"""


AXE = "run => axe.run(document, {resultTypes: ['violations'], preload: false, ...run}).then(r => r.violations)"
OF_COLOUR = {"runOnly": ["color-contrast", "link-in-text-block"]}


def violations(visitor, run):
    return [f"{rule['id']}: {node['target']}: {node['failureSummary'].splitlines()[1].strip()}: {node['html'][:160]}"
            for rule in visitor.within(AXE, run, seconds=120) for node in rule["nodes"][:3]]


def look(page, visitor, source, device):
    """Everything that is looked at on one page, in light and then in dark: kind of problem -> sentences."""
    found = defaultdict(list)

    def prepare():
        visitor.lettered()
        page.add_style_tag(content=STILL)
        page.evaluate(OPEN_ALL)
        page.evaluate(source)

    prepare()
    visitor.scroll()
    found["images"] = page.evaluate(BROKEN_IMAGES)
    found["overflow"] = page.evaluate(OVERFLOW)
    found["playing"] = page.evaluate(
        "[...document.querySelectorAll('video')].filter(v => !v.paused || v.autoplay).map(v => v.currentSrc)")
    found["axe"] = violations(visitor, {})
    visitor.prefer("dark", prepare)
    visitor.settle(lazy=False)  # that scrolling brings the pictures was seen in the light
    found["images"] += page.evaluate(BROKEN_IMAGES)
    found["overflow"] += page.evaluate(OVERFLOW)
    found["axe"] += [f"dark: {sentence}" for sentence in violations(visitor, OF_COLOUR)]
    found["errors"] = list(visitor.notes.errors)
    if device == "desktop":
        for width in (1280, 768):
            page.set_viewport_size({"width": width, "height": 800})
            found["lines"] += [f"{len(text)} characters at {width} px: {text}"
                               for text in page.evaluate(LONG_LINES, LINE)[:3]]
        page.set_viewport_size(DESKTOP["viewport"])
    page.emulate_media(color_scheme="light")
    return found


def walk(launch, browser, home, paths, axe, device, problems):
    """Look at each page below `home`, and add what was found to `problems`. A page that is not drawn is looked at once more
    in another browser."""
    options = {"color_scheme": "light", **(DESKTOP if device == "desktop" else PHONE)}
    visitor = Visitor(browser, home, **options)
    for path in paths:
        try:
            found = look(visitor.open(path), visitor, axe, device)
        except Undrawn:
            visitor = Visitor(launch(), home, notes=visitor.notes, **options)
            found = look(visitor.open(path), visitor, axe, device)
        for kind, sentences in found.items():
            problems[kind] += [f"/{path}: {sentence}" for sentence in sentences]
    problems["strangers"] += [f"asked another host: {u}" for u in visitor.notes.strangers()]
    problems["asked"] += visitor.notes.requests
    visitor.context.close()


@pytest.fixture(scope="module")
def tour(request, launch, browser, base, lost_base, paths, axe):
    """One walk through all pages: kind of problem -> sentences that name the page."""
    problems = defaultdict(list)
    device = request.module.DEVICE
    for home, some in ((base, shared_out(paths, device)), (lost_base, [LOST])):
        walk(launch, browser, home, some, axe, device, problems)
    # A wrong address is itself a 404, which the browser says.
    problems["errors"] = [e for e in problems["errors"] if not (e.startswith(f"/{LOST}: ") and " 404 " in e)]
    return problems


def test_no_console_errors(tour):
    assert not tour["errors"], "\n".join(tour["errors"])


def test_no_other_host_is_asked(tour):
    assert tour["asked"], "this measures nothing"
    assert not tour["strangers"], "\n".join(tour["strangers"])


def test_every_picture_loads(tour):
    assert not tour["images"], "\n".join(tour["images"])


def test_nothing_is_wider_than_the_screen(tour):
    assert not tour["overflow"], "\n".join(tour["overflow"])


def test_nothing_moves_by_itself(tour):
    """No film plays, and none is fetched, before somebody asks for it."""
    films = [u for u in tour["asked"] if u.endswith((".mp4", ".gif"))]
    assert not tour["playing"] + films, tour["playing"] + films


def test_axe_finds_nothing(tour):
    """All rules of axe-core, best practices included, with folded blocks open; those of colour in the dark too."""
    assert not tour["axe"], "\n".join(tour["axe"])


def test_lines_of_prose_are_short(tour):
    """No line of prose, list, caption or claim has more than 70 characters, on two widths."""
    assert not tour["lines"], "\n".join(tour["lines"])


def test_every_page_of_the_navigation_is_looked_at(paths):
    """What is not in the sitemap would escape everything here, and so would what neither device is given."""
    assert {*shared_out(paths, "desktop"), *shared_out(paths, "phone")} == set(paths)
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = re.findall(r"^ +- (?:[^:\n]+: )?(\S+)\.md$", text.split("\nnav:")[1].split("\nexclude_docs:")[0], re.M)
    notebooks = [f"notebooks/{file.stem}" for file in (ROOT / "docs" / "notebooks").glob("*.py")]
    assert len(pages) > 10 and notebooks, "this measures nothing"
    addresses = {re.sub(r"(^|/)index$", r"\1", page).rstrip("/") for page in [*pages, *notebooks]}
    assert addresses <= {path.rstrip("/") for path in paths}


def test_heavy_pages_are_known_by_their_pictures(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<img src="../one.webp"><img src="../one.webp"><img src="gone.webp">')
    (tmp_path / "one.webp").write_bytes(bytes(5000))
    (tmp_path / "index.html").write_text("x" * 400)
    assert heaviest(tmp_path, ["", "a/"], 1) == ["a/"]
    assert weight(tmp_path, "a/") == 5000 + (tmp_path / "a" / "index.html").stat().st_size


def weight(site, path) -> int:
    """Bytes of a page and of all pictures that it names: at least as much as a first load brings of its own."""
    html = (site / path / "index.html").read_text(encoding="utf-8")
    named = {(site / path / src).resolve() for src in re.findall(r'<img src="([^"?#:]+)', html)}
    return len(html.encode()) + sum(file.stat().st_size for file in named if file.is_file())


def heaviest(site, paths, count) -> list[str]:
    return sorted(paths, key=lambda path: weight(site, path))[-count:]


def test_first_load_is_small(browser, site, base, lost_base, paths):
    """Cold cache, service worker allowed, nothing touched: at most 1.5 MB come over the wire. Looked at are the fifteen
    pages that could bring the most, and the three largest notebooks."""
    notebooks = [path for path in paths if path.startswith("notebooks/")]
    others = [path for path in paths if path not in notebooks]
    chosen = [*heaviest(site, others, 15), *heaviest(site, notebooks, 3)]
    problems, seen = [], {}
    for start, path in [*((base, path) for path in chosen), (lost_base, LOST)]:
        context = browser.new_context(**DESKTOP)
        page = context.new_page()
        session = context.new_cdp_session(page)
        received = []
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda e, r=received: r.append(e["encodedDataLength"]))
        page.goto(start + path, wait_until="networkidle")
        seen[path] = int(sum(received))
        context.close()
        if seen[path] > LIMIT:
            problems.append(f"/{path}: {seen[path]:,} bytes")
    assert min(seen.values()) > 50_000, f"this measures nothing: {seen}"
    assert not problems, "\n".join(problems)
