"""A site of a few pages in a temporary folder, with made-up figures, built by the real MkDocs."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MKDOCS = """\
site_name: Tiny
site_url: https://example.org/sub/
repo_url: https://example.org/repo
theme: {name: null, custom_dir: theme}
plugins:
  - macros:
      module_name: SITEKIT
      on_undefined: strict
      on_error_fail: true
      j2_comment_start_string: "{##"
      j2_comment_end_string: "##}"
markdown_extensions: [attr_list, tables, admonition, toc]
"""
PAGE = """<!doctype html><html lang="en"><title>{{ page.title }}</title><body>{{ page.content }}</body></html>"""
CLAIMS = """\
sources:
  - {id: essay, title: An essay, author: Somebody, url: "https://example.org/essay"}
sections:
  - id: vae
    source: essay
    title: What the VAE does
    claims:
      - id: v-01
        by: essay
        claim: >-
          It packs <script>alert(1)</script> & unpacks.
        kind: mechanism
        expect: "holds"
        test: Measure it.
        cite:
          - "Ho, Jain & Abbeel, 2020, Denoising Diffusion Probabilistic Models"
"""
BIB = """\
@inproceedings{ho2020ddpm,
  author = {Ho, Jonathan and Jain, Ajay and Abbeel, Pieter},
  title = {Denoising Diffusion Probabilistic Models},
  booktitle = {NeurIPS},
  year = {2020},
  eprint = {2006.11239},
  archiveprefix = {arXiv},
}
"""


def write_figure(docs, figure_id="vae/swap", files=None, profile="tiny", **fields):
    """A whole figure in docs: files {name after the figure's: (bytes, width, height)} and a manifest."""
    section, name = figure_id.split("/")
    folder = Path(docs) / "assets" / "figures" / profile / section
    folder.mkdir(parents=True, exist_ok=True)
    if files is None:
        files = {
            f"{theme}.{width}.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", size, 300)
            for theme in ("light", "dark")
            for width, size in (("wide", 720), ("narrow", 360))
        }
    listed = {}
    for part, (data, width, height) in files.items():
        (folder / f"{name}.{part}").write_bytes(data)
        listed[f"{name}.{part}"] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        if width:
            listed[f"{name}.{part}"] |= {"width": width, "height": height}
    manifest = {
        "id": figure_id,
        "title": "A swap",
        "doc": "What it shows.",
        "claims": [],
        "alt": "A swap at 28.1 dB",
        "caption": "Swapped, at **28.1** dB.",
        "numbers": {"psnr_self": 28.123, "count": 12345, "loss": -0.5, "name": "cat"},
        "files": listed,
        "seed": 7,
        "profile": profile,
        "smoke": False,
        "source": "figures_src/figures/vae/swap.py",
        "weights": {"emoji-sd/vae/diffusion_pytorch_model.safetensors": "a1" * 32},
        "code_hash": "b2" * 32,
        "versions": {"torch": "2.13.0"},
        "seconds": 3.25,
    } | fields
    (folder / f"{name}.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


class Project:
    """pages {path below docs: text}; build() runs MkDocs in a process of its own."""

    def __init__(self, folder, pages, claims=CLAIMS, bib=BIB):
        self.folder = Path(folder)
        self.docs = self.folder / "docs"
        (self.folder / "theme").mkdir(parents=True)
        (self.folder / "theme" / "main.html").write_text(PAGE)
        relative = Path("figures_src/sitekit/macros")
        (self.folder / "mkdocs.yml").write_text(MKDOCS.replace("SITEKIT", str(ROOT / relative)))
        standard = {
            "index.md": "# Home\n",
            "references.md": "# References\n\n{{ bibliography() }}\n",
            "how-made.md": "# How made\n\n{{ provenance() }}\n",
            "series/claims.md": "# Ledger\n\n{{ ledger() }}\n",
        }
        self.write({"series/claims.yaml": claims, "references.bib": bib} | standard | pages)
        write_figure(self.docs)

    def write(self, files):
        for name, text in files.items():
            path = self.docs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self, *options):
        """(exit status, log, errors): errors are the lines of the log that say ERROR, without the word."""
        run = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "-q", *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        log = run.stdout + run.stderr
        errors = [line.split("-  ", 1)[1] for line in log.splitlines() if line.startswith("ERROR")]
        return run.returncode, log, errors

    def html(self, page):
        return (self.folder / "site" / page / "index.html").read_text(encoding="utf-8")
