#!/usr/bin/env python3
"""Lighthouse over the built site: accessibility, best practices, SEO and speed of every page and the 404 page, as a phone
sees it.

    npm install --prefix ~/lighthouse lighthouse      once; it is no part of the project's own packages
    make site
    LIGHTHOUSE=~/lighthouse/node_modules/.bin/lighthouse .venv/bin/python scripts/lighthouse.py

The site is served over HTTP/2, as published sites are, with a certificate made for the moment (openssl). Each score is the
median of three runs (`--runs`); names of pages (`series/vae/`) limit it to these. One line a page,
below it what lost points; exit status 1 if a score is below its bar: 100, and 95 for performance, which wants a machine
that does nothing else.
"""

import argparse
import atexit
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "site"))

from visiting import FOLDER, Host, folder_of  # noqa: E402  (compressed, with ranges, below a folder, as where it is published)

BARS = {"accessibility": 100, "best-practices": 100, "seo": 100, "performance": 95}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --ignore-certificate-errors"
FRONT = ROOT / "scripts" / "http2_front.mjs"
NOT_FOUND = "404.html"
PATIENCE = 300  # seconds a page


def pages(site: Path) -> list[str]:
    """Addresses below the site's root: those of the sitemap ("", "notation/", ...) and the page of wrong addresses."""
    names = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
    found = [element.text for element in ElementTree.parse(site / "sitemap.xml").iter(names)]
    root = min(found, key=len)
    return [*sorted(address.removeprefix(root) for address in found), NOT_FOUND]


def serve(site: Path, prefix: str) -> str:
    handler = type("SiteHost", (Host,), {"folder": site, "prefix": prefix})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{front(f'http://127.0.0.1:{server.server_port}')}{prefix}"


def front(behind: str) -> str:
    """The address of a host that speaks HTTP/2 and asks `behind`; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="lighthouse-"))
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)  # fmt: skip
        process = subprocess.Popen(["node", FRONT, key, certificate, behind], stdout=subprocess.PIPE, text=True)
        atexit.register(process.kill)
        port = process.stdout.readline().strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"error: no HTTP/2 here ({error}): it needs openssl and node.") from None
    finally:
        shutil.rmtree(folder)
    if not port:
        raise SystemExit("error: no HTTP/2 here: node could not start scripts/http2_front.mjs.")
    return f"https://127.0.0.1:{port}"


def look(lighthouse: str, browser: str, url: str) -> dict:
    """Lighthouse's report on one page, with its default preset, which is a phone."""
    command = [lighthouse, url, "--quiet", "--output=json", "--output-path=stdout", f"--chrome-flags={FLAGS}"]
    command.append(f"--only-categories={','.join(BARS)}")
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | {"CHROME_PATH": browser}
    )
    if done.returncode:
        raise SystemExit(f"error: Lighthouse failed on {url}: {(done.stderr or done.stdout).strip()[-300:]}")
    return json.loads(done.stdout)


def lost(report: dict, categories=tuple(BARS)) -> list[str]:
    """What cost points: "color-contrast: Background and foreground ... (node)"."""
    sentences = []
    for name in categories:
        for part in report["categories"][name]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 1:
                items = (audit.get("details") or {}).get("items") or [{}]
                where = items[0].get("node", {}).get("snippet") or items[0].get("source") or items[0].get("url") or ""
                sentences.append(f"{part['id']}: {audit['title']} {str(where)[:160]}".rstrip())
    return sentences


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help="pages as the sitemap names them, below its root; all if left out")
    parser.add_argument("--site", type=Path, default=ROOT / "site")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    lighthouse = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    browser = os.environ.get("CHROME") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not lighthouse or not Path(lighthouse).exists():
        print("error: Lighthouse is not here: `npm install --prefix ~/lighthouse lighthouse`, then set LIGHTHOUSE to "
              "~/lighthouse/node_modules/.bin/lighthouse.", file=sys.stderr)  # fmt: skip
        return 1
    if not browser:
        print("error: no browser here: `apt install chromium`, or set CHROME=/path/to/chrome", file=sys.stderr)
        return 1
    if not (options.site / "sitemap.xml").exists():
        print(f"error: there is no site in {options.site}; `make site` builds it.", file=sys.stderr)
        return 1
    base, failed = serve(options.site, FOLDER), False
    rooted = serve(options.site, folder_of(options.site))  # the 404 page's addresses are absolute
    for page in options.pages or pages(options.site):
        reports = [
            look(lighthouse, browser, (rooted if page == NOT_FOUND else base) + page) for _ in range(options.runs)
        ]
        medians = {name: round(100 * statistics.median(r["categories"][name]["score"] for r in reports))
                   for name in BARS}  # fmt: skip
        below = [name for name, bar in BARS.items() if medians[name] < bar]
        failed |= bool(below)
        print(f"/{page}  " + "  ".join(f"{name} {score}" for name, score in medians.items()), flush=True)
        print("".join(f"    {sentence}\n" for sentence in lost(reports[-1], below)), end="", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
