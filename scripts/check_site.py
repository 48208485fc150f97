#!/usr/bin/env python3
"""Check the site: no number typed by hand in the sources, nothing broken or foreign in the built pages.

    python scripts/check_site.py [site]        built folder, site/ if left out; --sources looks at the prose only

Prints one line a problem (file:line: what) and exits with 1 if there is any.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "figures_src"))

from sitekit.errors import SiteError  # noqa: E402
from sitekit.html_check import Built  # noqa: E402
from sitekit.manifests import Figures  # noqa: E402
from sitekit.prose_check import check_docs  # noqa: E402


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site", help="folder of the built site")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder of the pages' sources")
    parser.add_argument("--profile", default=os.environ.get("DENOISED_PROFILE", "tiny"))
    parser.add_argument("--site-url", default=os.environ.get("SITE_URL", "http://127.0.0.1:8000/"))
    parser.add_argument("--sources", action="store_true", help="check the prose only, not the built pages")
    options = parser.parse_args(arguments)
    try:
        problems, unused = check_docs(options.docs)
        if not options.sources:
            if not (options.site / "index.html").is_file():
                raise SiteError(f"There is no built site in {options.site}; run make site first.")
            figures = Figures(options.docs / "assets" / "figures" / options.profile)
            problems += Built(options.site, figures, options.site_url).problems()
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    for path, line, message in problems:
        print(f"{path}:{line}: {message}")
    for entry in unused:
        print(f"note: no page needs the allowed number {entry.pattern.pattern!r}", file=sys.stderr)
    count = len(problems)
    print(f"{count} problem{'s' * (count != 1)}" if count else "The site is clean.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
