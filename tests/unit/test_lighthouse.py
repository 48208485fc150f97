"""scripts/lighthouse.py, without Lighthouse: what it says then, and how it reads a report."""

import subprocess
import sys

import lighthouse
from denoised.paths import ROOT


def test_without_lighthouse_it_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("LIGHTHOUSE", str(tmp_path / "nowhere"))
    done = subprocess.run([sys.executable, "scripts/lighthouse.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "npm install" in done.stderr


def test_only_audits_that_count_and_fail_are_named():
    ids = ("color-contrast", "image-alt", "manual-check", "left-out")
    scores = dict(zip(ids, (0, 1, 0, None), strict=True))
    audits = {name: {"title": name.upper(), "score": score} for name, score in scores.items()}
    audits["color-contrast"]["details"] = {"items": [{"node": {"snippet": "<p>pale</p>"}}]}
    refs = [{"id": name, "weight": int(name != "manual-check")} for name in ids]
    report = {"audits": audits, "categories": {name: {"auditRefs": []} for name in lighthouse.BARS}}
    report["categories"]["accessibility"]["auditRefs"] = refs
    assert lighthouse.lost(report) == ["color-contrast: COLOR-CONTRAST <p>pale</p>"]
    assert lighthouse.lost(report, ["performance"]) == [], "only of the categories that were asked about"


def test_every_page_of_the_sitemap_and_the_404_page_are_looked_at(tmp_path):
    entries = "".join(f"<url><loc>https://example.org/sub/{page}</loc></url>" for page in ("", "b/", "a/c/"))
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    (tmp_path / "sitemap.xml").write_text(f'<?xml version="1.0"?><urlset {space}>{entries}</urlset>')
    assert lighthouse.pages(tmp_path) == ["", "a/c/", "b/", "404.html"]
