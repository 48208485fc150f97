"""What is on the first screen is painted once, early, and stays where it is."""

import re

import pytest

from sitekit import standins

LONG = "The same words in both fonts, and a few (12 or 13) numbers: what comes first, what comes last, and who asked?"
WIDTHS = """([families, style, weight, text]) => families.map((family) => {
  const line = document.createElement("span");
  line.style.cssText = `position:absolute;white-space:nowrap;font:${style} ${weight} 20px ${family}`;
  line.textContent = text;
  document.body.append(line);
  const width = line.getBoundingClientRect().width;
  line.remove();
  return width;
})"""
PAINTS = """() => { window.paints = []; new PerformanceObserver((list) => { for (const paint of list.getEntries())
  window.paints.push(paint.url.split("/").at(-1)); }).observe({type: "largest-contentful-paint", buffered: true}); }"""


def test_stand_ins_are_as_wide_as_what_they_stand_for(visit):
    """Those of this machine's fonts that are stand-ins; a family that is not here comes out as the last resort."""
    visitor = visit()
    visitor.open("series/vae/")
    visitor.lettered()
    seen = 0
    for own, local, _ in standins.LOCALS:
        for cut, (weight, _, _) in standins.CUTS.items():
            if cut == "Italic" and own != "Literata":
                continue
            style = "italic" if cut == "Italic" else "normal"
            families = [f'"{own}"', f'"{own} on {local[0]}", cursive', "cursive"]
            visitor.page.evaluate("font => document.fonts.load(font)", f'{style} {weight} 20px "{own}"')
            true, stand_in, last_resort = visitor.page.evaluate(WIDTHS, [families, style, weight, LONG])
            if stand_in == last_resort:
                continue
            seen += 1
            assert stand_in == pytest.approx(true, rel=0.02), f"{own} on {local[0]}, {cut or 'regular'}"
    if not seen:
        pytest.skip("none of the fonts that stand in is on this machine")


def test_the_sheet_of_stand_ins_names_what_the_theme_asks_for(site):
    text = (site / "stylesheets" / "all.css").read_text(encoding="utf-8")
    for own in standins.OWN:
        assert f"{standins.stack(own)}," in text or f"{standins.stack(own)};" in text, f"the stack of {own}"
        for name in re.findall(r'"([^"]+)"', standins.stack(own)):
            assert re.search(rf'@font-face \{{\s*font-family: "{name}"', text), f"no face is called {name}"


@pytest.mark.parametrize("path", ["", "lab/"])
def test_the_largest_picture_of_the_first_screen_is_painted_once(visit, path):
    """A film that is moved about, or a picture that a script puts in anew, is painted again, and late."""
    visitor = visit(viewport={"width": 412, "height": 823}, device_scale_factor=1.75, is_mobile=True)
    visitor.page.add_init_script(f"({PAINTS})()")
    visitor.open(path, touched=False)
    visitor.settle(formulas=False)
    pictures = [url for url in visitor.page.evaluate("paints") if url]
    assert len(pictures) == 1, pictures


def test_a_preloaded_picture_is_the_one_that_is_shown(visit):
    for path, scheme, width in (("", "light", 412), ("lab/", "light", 412), ("lab/", "dark", 1280),
                                ("models/emoji-sd/", "light", 412)):
        visitor = visit(viewport={"width": width, "height": 823}, color_scheme=scheme)
        visitor.page.route("**/javascripts/widgets/*", lambda route: route.abort())  # one would take the picture away
        visitor.open(path, touched=False)
        visitor.settle(lazy=False, formulas=False)  # where nothing is drawn, no picture has chosen its file yet
        preloads = visitor.page.evaluate(
            "[...document.querySelectorAll('link[rel=preload]')].filter(l => matchMedia(l.media || 'all').matches)"
            ".map(l => l.href)"
        )
        shown = visitor.page.evaluate(
            "[...document.querySelectorAll('article img')].filter(i => i.offsetParent).map(i => i.currentSrc)"
            ".concat([...document.querySelectorAll('article video')].map(v => v.poster))"
        )
        assert len(preloads) == 1 and preloads[0] in shown, (path, scheme, width)


def test_the_ledger_lays_out_what_it_shows(visit):
    """The longest page of all: claims out of sight are not laid out, and a link to the last of them leads to it."""
    seen = """() => [...document.querySelectorAll('.dn-claim')].filter(e =>
        e.firstElementChild.checkVisibility({contentVisibilityAuto: true})).map(e => e.id)"""
    visitor = visit(viewport={"width": 412, "height": 823})
    page = visitor.open("series/claims/")
    every = page.evaluate("[...document.querySelectorAll('.dn-claim')].map(e => e.id)")
    assert len(every) > 100 and len(page.evaluate(seen)) < len(every) / 4
    page = visitor.open(f"series/claims/#{every[-1]}")
    there = "id => document.getElementById(id).firstElementChild.checkVisibility({contentVisibilityAuto: true})"
    visitor.within(there, every[-1])
    top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", every[-1])
    assert -5 < top < 823, "the claim that was asked for is on the screen"


@pytest.mark.parametrize("width", [1350, 412, 390, 360])
def test_a_claim_that_is_not_laid_out_does_not_reach_into_the_next(visit, width):
    """What a browser is told of a claim's height in lines is enough for it, and not far too much."""
    visitor = visit(viewport={"width": width, "height": 823})
    page = visitor.open("series/claims/")
    told = page.evaluate("""() => [...document.querySelectorAll('.dn-claims > .dn-claim')].map(claim => {
        const end = claim.lastElementChild.getBoundingClientRect().bottom;
        return claim.getBoundingClientRect().bottom - end; })""")
    rem = page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert len(told) > 100 and min(told) > 0 and max(told) < 9 * rem
