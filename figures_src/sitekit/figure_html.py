"""A figure, as a page shows it: pictures for light and dark, wide and narrow screens; video; widget."""

from sitekit import thumbs
from sitekit.errors import SiteError
from sitekit.markup import escape, inline

NARROW_MEDIA = "(max-width: 600px)"
MODELS = {  # what readers call a profile's model
    "tiny": "the small model of this site", "sd15": "Stable Diffusion 1.5", "sd21": "Stable Diffusion 2.1",
    "sdxl": "SDXL", "flux": "Flux", "own": "your own model",
}  # fmt: skip


def anchor(figure_id, prefix="fig"):
    """Id of a figure's element on a page, or of its row in the provenance table: fig-vae-swap."""
    return f"{prefix}-{figure_id}".replace("/", "-").replace("_", "-")


class FigureHtml:
    """HTML of one figure, seen from one page.

    manifest: sitekit.manifests.Manifest. url(name) gives the URL of one of its files relative to the page;
    links is {"source": url or None, "provenance": url or None}; profile is whose it is; others are the same figure's
    FigureHtml from other profiles, which a reader can unfold.
    """

    def __init__(self, manifest, url, links, profile="tiny", others=()):
        self.m = manifest
        self.url = url
        self.links = links
        self.model = MODELS.get(profile, profile)
        self.others = others

    def figure(self, element_id, caption=None, show="all"):
        """The whole <figure>. show: 'all', 'picture' or 'video', for figures that have both."""
        if show not in ("all", "picture", "video"):
            raise SiteError(f"figure {self.m.id!r}: show must be 'all', 'picture' or 'video', not {show!r}")
        parts = []
        if show != "picture" and self.has_video():
            parts.append(self.video())
        if show != "video" and self.has_picture():
            parts.append(self.pictures())
        if not parts:
            raise SiteError(f"figure {self.m.id!r} has no {'file to show' if show == 'all' else show}")
        return self.wrap("".join(parts), element_id, caption)

    def widget(self, name, element_id, caption=None, **options):
        """The figure as something to play with: a widget's element, with the static figure in it.

        The script replaces the content; before that, and without JavaScript, the figure itself is shown.
        """
        data = self.m.first(f"{self.m.stem}.data.json")
        if data is None:
            raise SiteError(f"figure {self.m.id!r} has no data for a widget (Output(data=...))")
        inside = (self.pictures() if self.has_picture() else "") or (self.video() if self.has_video() else "")
        if not inside:
            raise SiteError(f"figure {self.m.id!r} has no picture to show where a widget cannot run")
        attributes = {
            "data-widget": name,
            "data-src": self.url(data[0]),
            "data-base": self.url(self.m.stem),
            "data-figure": self.m.id,
            "data-label": self.m["alt"],
        }
        attributes |= {"data-" + k.replace("_", "-"): v for k, v in options.items()}
        text = " ".join(f'{k}="{escape(v)}"' for k, v in attributes.items())
        return self.wrap(f'<div class="dn-widget" {text}>{inside}</div>', element_id, caption)

    def wrap(self, inside, element_id, caption):
        title = self.m.id
        # numerals of the figure's own caption were measured; those of an author's caption are the author's
        text = inline(self.m["caption"], numbers_title=title) if caption is None else inline(caption)
        links = [
            f'<a href="{escape(url)}"{extra}>{label}<span class="dn-sr"> of figure {escape(title)}</span></a>'
            for label, url, extra in (
                ("source", self.links.get("source"), ""),
                ("provenance", self.links.get("provenance"), ""),
            )
            if url
        ]
        gif = self.m.first(f"{self.m.stem}.gif")
        if gif and "<video" in inside:
            links.append(f'<a href="{escape(self.url(gif[0]))}" download>GIF</a>')
        if self.others:
            links.insert(0, f"made with {escape(self.model)}")
        small = f' <span class="dn-figure__links">{" · ".join(links)}</span>' if links else ""
        others = "".join(other.folded() for other in self.others)
        return (
            f'<figure class="dn-figure" id="{escape(element_id)}" data-figure="{escape(title)}">{inside}'
            f"<figcaption>{text}{small}</figcaption>{others}</figure>"
        )

    def folded(self):
        """This figure below that of another profile: unfolded by pointer or keyboard, no script needed; its pictures
        are fetched only then. It says in its own words what it shows, since its numbers are others."""
        shown = self.pictures() if self.has_picture() else self.video()
        text = inline(self.m["caption"], numbers_title=self.m.id)
        return (
            f'<details class="dn-figure__other"><summary>The same with {escape(self.model)}</summary>'
            f"{shown}<p>{text}</p></details>"
        )

    def has_picture(self):
        return self._static("light", "wide") is not None

    def has_video(self):
        return self.m.first(f"{self.m.stem}.mp4") is not None

    def _static(self, theme, width):
        return self.m.first(*(f"{self.m.stem}.{theme}.{width}.{ext}" for ext in ("svg", "webp", "png")))

    @staticmethod
    def _size(facts):
        """width and height attributes (CSS pixels), so that a page does not jump as pictures arrive."""
        return f' width="{facts["width"]}" height="{facts["height"]}"' if facts.get("width") else ""

    def pictures(self):
        """Light and dark, each a <picture> with a narrow source; the stylesheet hides the other theme's."""
        alt = escape(self.m["alt"])
        shown = []
        for theme in ("light", "dark"):
            wide = self._static(theme, "wide")
            if wide is None:
                raise SiteError(f"figure {self.m.id!r} has no {theme} picture; render it again")
            narrow = self._static(theme, "narrow")
            source = (
                ""
                if narrow is None
                else (f'<source media="{NARROW_MEDIA}" srcset="{escape(self.url(narrow[0]))}"{self._size(narrow[1])}>')
            )
            shown.append(
                f'<div class="dn-{theme}"><picture>{source}<img src="{escape(self.url(wide[0]))}" alt="{alt}"'
                f'{self._size(wide[1])} loading="lazy" decoding="async"></picture></div>'
            )
        return "".join(shown)

    def detail(self):
        """A look at the figure, for a card that leads to its page: light and dark, as narrow as there is."""
        title = escape(f"A detail of the figure “{self.m['title']}”")
        shown = []
        for theme in ("light", "dark"):
            found = self._static(theme, "narrow") or self._static(theme, "wide")
            found = found or self.m.first(f"{self.m.stem}.poster.*", f"{self.m.stem}.first.*")
            if found is None:
                raise SiteError(f"figure {self.m.id!r} has no picture to show on a card")
            small = thumbs.name_of(found[0])
            size = self._size(found[1] if small == found[0] else thumbs.size_of(found[1]))  # a drawing stays whole
            shown.append(
                f'<span class="dn-{theme}"><img src="{escape(self.url(small))}" alt="{title}"'
                f'{size} loading="lazy" decoding="async"></span>'
            )
        return f'<span class="dn-card__picture">{"".join(shown)}</span>'

    def video(self):
        """MP4 with its poster; browsers without video get the GIF, or the poster, and a link. Never plays by itself."""
        mp4, facts = self.m.first(f"{self.m.stem}.mp4")
        alt = escape(self.m["alt"])
        poster = self.m.first(f"{self.m.stem}.poster.*", f"{self.m.stem}.first.*")
        size = self._size(facts)
        at = fallback = ""
        if poster:
            at = f' poster="{escape(self.url(poster[0]))}"'
        if still := self.m.first(f"{self.m.stem}.gif") or poster:  # lazy: a browser that plays videos never fetches it
            fallback = f'<img src="{escape(self.url(still[0]))}" alt="{alt}"{size} loading="lazy" decoding="async">'
        source = escape(self.url(mp4))
        return (
            f'<div class="dn-film"><video class="dn-video" controls muted playsinline preload="none"{at}{size} '
            f'aria-label="{alt}"><source src="{source}" type="video/mp4">'
            f'<a href="{source}">{fallback}<span>Download the animation</span></a></video></div>'
        )
