"""The places that docs/series/answers.yaml names are there when the site is built, and works are cited on a page."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = yaml.safe_load((ROOT / "docs" / "series" / "answers.yaml").read_text(encoding="utf-8"))
PLACES = [answer for answers in ANSWERS["asks"].values() for answer in answers] + list(ANSWERS["systems"].values())


def built(site, page):
    path = page.removesuffix(".md")
    return site / ("index.html" if path == "index" else f"{path}/index.html")


def test_every_place_exists_in_the_built_site(site):
    pages, missing = {}, []
    for place in (found["at"] for found in PLACES if "at" in found):
        page, _, anchor = place.partition("#")
        if page not in pages:
            pages[page] = set(re.findall(r'\bid="([^"]+)"', built(site, page).read_text(encoding="utf-8")))
        if anchor not in pages[page]:
            missing.append(place)
    assert not missing


def test_every_work_that_stands_for_a_system_is_cited_somewhere(site):
    """Being in the bibliography is not enough: a reader has to be able to come across it."""
    pages = [path for path in site.glob("**/index.html") if path.parent.name != "references"]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    uncited = {f["cites"] for f in PLACES if "cites" in f} - set(re.findall(r'#ref-([\w-]+)"', text))
    assert not uncited
