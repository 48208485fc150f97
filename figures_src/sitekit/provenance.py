"""Where every figure comes from: the table of the page on how the site is made."""

from sitekit.errors import SiteError
from sitekit.figure_html import MODELS, anchor
from sitekit.markup import escape, format_number

COLUMNS = ("Figure", "Used on", "Seed", "Weights", "Code", "Seconds")


def provenance_html(site):
    """A table a section, folded, with one row a figure (id prov-...), and the package versions that rendered them.

    A link to a row unfolds its section, by the browser's own rules and by javascripts/site.js.
    SiteError if a figure in the folder is not whole: the table must not vouch for it.
    """
    sections, versions, count = {}, {}, 0
    skipped = site.figures.skipped()
    for figure_id in site.figures.ids():
        if figure_id in skipped:
            continue  # profiles_html lists these
        manifest = site.figures.get(figure_id)
        for package, version in manifest.get("versions", {}).items():
            versions.setdefault((package, version), []).append(figure_id)
        sections.setdefault(figure_id.partition("/")[0], []).append(_row(site, manifest))
        count += 1
    if not sections:
        raise SiteError(f"no figure has been rendered into {site.figures.root.name}/ yet (make figures)")
    head = "".join(f'<th scope="col">{c}</th>' for c in COLUMNS)
    listed = ", ".join(
        f"{escape(p)} {escape(v)}" + ("" if len(ids) == count else f" ({len(ids)} figures)")
        for (p, v), ids in sorted(versions.items())
    )
    tables = [
        f'<details class="dn-provenance-fold"><summary>{escape(section)} '
        f'<span class="dn-num">{len(rows)}</span> {"figure" if len(rows) == 1 else "figures"}</summary>'
        f'<div class="dn-scroll" tabindex="0" role="region" aria-label="Provenance of the figures of {escape(section)}">'
        f'<table class="dn-provenance"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
        for section, rows in sections.items()
    ]
    model = f"{escape(MODELS.get(site.profile, site.profile))} (profile <code>{escape(site.profile)}</code>)"
    return "".join(tables) + f"<p>Made with {model}." + (f" Rendered with {listed}." if listed else "") + "</p>"


def _row(site, manifest):
    figure_id = manifest.id
    name = f"<code>{escape(figure_id)}</code>"
    if site.pages.showing(figure_id):
        name = f'<a href="{escape(site.figure_href(figure_id))}">{name}</a>'
    used = [
        f'<a href="{escape(site.href(page))}">{escape(site.pages.titles.get(page, page))}</a>'
        for page in site.pages.pages_of("figure", figure_id)
    ]
    used += [f'<a href="{escape(url)}">claim {escape(c["id"])}</a>' for c, url in site.claims_with(figure_id)]
    source = escape(manifest["source"].rpartition("/")[2])
    if url := site.source_url(manifest["source"]):
        source = f'<a href="{escape(url)}">{source}</a>'
    weights = "<br>".join(
        f'{escape(_short(n))} <code title="{escape(n)}, sha256 {escape(h)}">{escape(h[:8])}</code>'
        for n, h in manifest.get("weights", {}).items()
    )
    code = str(manifest.get("code_hash", ""))
    cells = (
        f"{name}<br>{escape(manifest['title'])}<br>{source}",
        ", ".join(used) or "no page",
        escape(manifest.get("seed", "")),
        weights or "none",
        f'<code title="{escape(code)}">{escape(code[:8])}</code>' if code else "not recorded",
        escape(format_number(manifest.get("seconds", 0.0), ".1f")),
    )
    tds = "".join(f'<td data-label="{c}">{cell}</td>' for c, cell in zip(COLUMNS[1:], cells[1:], strict=True))
    return f'<tr id="{escape(anchor(figure_id, "prov"))}"><th scope="row">{cells[0]}</th>{tds}</tr>'


def _short(weights):
    """emoji-sd/vae for the file that diffusers and transformers always call the same; else the name without ending."""
    folder, _, file = weights.rpartition("/")
    stem = file.removesuffix(".safetensors")
    return folder if stem in ("diffusion_pytorch_model", "model", "rounded") and folder else f"{folder}/{stem}".lstrip("/")
