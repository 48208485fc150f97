"""Which figures exist for which model: rendered, or not and why. For the page on how the site is made."""

from sitekit.markup import escape


def profiles_html(site):
    """A list for each profile that has figures beside the one that the pages show; a sentence where there is none."""
    others = site.figures.beside()
    parts = [_profile(site.figures, site.profile, shown=True)]
    parts += [_profile(figures, name) for name, figures in others.items()]
    parts = [part for part in parts if part]
    if not others:
        parts.append("<p>No figure of this build was made with another model.</p>")
    return "".join(parts)


def _profile(figures, name, shown=False):
    ids, skipped = figures.ids(), figures.skipped()
    made = len(ids) - len(skipped)
    if not ids or (shown and not skipped):
        return ""
    lines = "".join(f"<li><code>{escape(i)}</code>: {escape(why)}</li>" for i, why in sorted(skipped.items()))
    without = f" Without a rendering there:<ul>{lines}</ul>" if lines else ""
    return f"<p><code>{escape(name)}</code>: {made} of {len(ids)} figures.</p>{without}"
