"""The one palette, the two themes and the canvas that every figure is drawn on.

A canvas is 720 (wide) or 360 (narrow) CSS pixels across. Its resolution is 72 dots per inch, so a
matplotlib point *is* a CSS pixel: `fontsize=13` means 13 px on the page. Everything is placed in pixels
from the top-left corner, and the canvas grows downwards to hold what is put on it.

    fig = new_figure(theme, narrow)
    ax = fig.area(x=52, y=28, w=fig.width - 140, h=220)
    ax.plot(t, alpha_bar, color=theme.latent)
    label_ends(ax, {"alpha_bar": "signal"})

`python -m plotting.style` rewrites docs/stylesheets/tokens.css, which gives the pages the same colours.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, fields
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

WIDE, NARROW = 720, 360  # CSS px
DPI = 72  # points = CSS px
TEXT, SMALL, TITLE = 13, 12, 14  # font sizes in px; nothing on a figure may be under MIN_TEXT
MIN_TEXT = 11
FONTS = Path(__file__).parent / "fonts"
SANS = [
    "Inter",
    "DejaVu Sans",
]  # DejaVu ships with matplotlib and lends the arrows and signs that Inter's subset lacks
MONO = ["JetBrains Mono", "DejaVu Sans Mono"]

# One colour, one meaning, on every page. (light, dark); Okabe-Ito family, told apart with any colour vision.
PALETTE = {
    "noise": ("#6B7280", "#9AA3AF"),
    "latent": ("#0072B2", "#56B4E9"),
    "prediction": ("#D55E00", "#F08A4B"),
    "image": ("#00805E", "#3CC9A0"),
    "text": ("#A94D84", "#E29BC3"),
    "attention": ("#B77900", "#F2B93B"),
    "ink": ("#1F2328", "#E8E4DB"),
    "muted": ("#5B616A", "#A8ADB5"),
    "paper": ("#FBF8F2", "#14161A"),
    "panel": ("#F3EEE3", "#1D2026"),
    "grid": ("#D9D4C8", "#353A42"),
    "accent": ("#B3400A", "#FF9A62"),
}
MEANINGS = ("latent", "prediction", "image", "text", "attention", "noise")
_NEGATIVE = (
    "#8A4B14",
    "#E3A46B",
)  # the other arm of the diverging map; brown against blue survives colour blindness
_ZERO = ("#FAF6EE", "#1B1E24")


def _luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2, 0 (black) to 1 (white)."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """WCAG 2.2 contrast ratio of two colours, 1 to 21."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def mix(a: str, b: str, share: float) -> str:
    """`share` of b in a, mixed in sRGB, as #RRGGBB."""
    return "#" + "".join(f"{round(255 * (x + (y - x) * share)):02X}" for x, y in zip(to_rgb(a), to_rgb(b), strict=True))


@dataclass(frozen=True)
class Theme:
    """The palette in light or dark: `theme.noise`, `theme.latent`, ... are #RRGGBB strings."""

    name: str
    noise: str
    latent: str
    prediction: str
    image: str
    text: str
    attention: str
    ink: str
    muted: str
    paper: str
    panel: str
    grid: str
    accent: str

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    def colour(self, name: str) -> str:
        """A palette name ("latent") or any matplotlib colour, as a colour."""
        return getattr(self, name) if name in PALETTE else name

    def label(self, name: str) -> str:
        """The colour for *text* about something: its own, moved towards the ink until it reads (4.5:1 on
        paper and panel)."""
        colour = self.colour(name)
        for step in range(21):
            candidate = mix(colour, self.ink, step / 20)
            if min(contrast(candidate, self.paper), contrast(candidate, self.panel)) >= 4.5:
                return candidate
        return self.ink

    @property
    def diverging(self) -> LinearSegmentedColormap:
        """For signed values such as latents: brown below zero, the latent blue above, zero fades into the
        page."""
        i = int(self.dark)
        arm = mix(self.latent, "#001830", 0.35) if not self.dark else mix(self.latent, "#FFFFFF", 0.35)
        low = mix(_NEGATIVE[i], "#200800", 0.35) if not self.dark else mix(_NEGATIVE[i], "#FFFFFF", 0.35)
        stops = [(0.0, low), (0.22, _NEGATIVE[i]), (0.5, _ZERO[i]), (0.78, self.latent), (1.0, arm)]
        return LinearSegmentedColormap.from_list(f"denoised-diverging-{self.name}", stops)

    def sequential(self, name: str = "attention") -> LinearSegmentedColormap:
        """For amounts: nothing fades into the page, the most is the named colour at full strength."""
        colour, i = self.colour(name), int(self.dark)
        stops = [(0.0, _ZERO[i]), (0.6, mix(_ZERO[i], colour, 0.75)), (1.0, mix(colour, self.ink, 0.25))]
        return LinearSegmentedColormap.from_list(f"denoised-{name}-{self.name}", stops)


LIGHT = Theme("light", **{name: pair[0] for name, pair in PALETTE.items()})
DARK = Theme("dark", **{name: pair[1] for name, pair in PALETTE.items()})
THEMES = {"light": LIGHT, "dark": DARK}


def _register_fonts() -> None:
    known = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    for path in sorted(FONTS.glob("*.ttf")):
        if path not in known:
            font_manager.fontManager.addfont(path)
    # DejaVu has no SemiBold; that it answers with Bold is fine and needs no warning on every run.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def rc(theme: Theme) -> dict:
    """matplotlib's settings for a theme; nothing of the person's own matplotlibrc shows through."""
    return {
        "figure.dpi": DPI, "savefig.dpi": "figure", "figure.facecolor": "none", "savefig.facecolor": "none",
        "axes.facecolor": "none", "savefig.transparent": True,
        "font.family": SANS, "font.size": TEXT, "mathtext.fontset": "custom", "mathtext.fallback": "stixsans",
        **dict.fromkeys(("mathtext.rm", "mathtext.it", "mathtext.sf", "mathtext.cal"), "Inter"),
        "mathtext.bf": "Inter:semibold", "mathtext.bfit": "Inter:semibold", "mathtext.tt": "JetBrains Mono",
        "svg.fonttype": "path", "svg.hashsalt": "denoised", "svg.image_inline": True, "path.simplify": True,
        "text.color": theme.ink, "axes.labelcolor": theme.muted, "axes.edgecolor": theme.grid,
        "xtick.color": theme.grid, "ytick.color": theme.grid,
        "xtick.labelcolor": theme.muted, "ytick.labelcolor": theme.muted,
        "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "axes.labelsize": SMALL, "axes.titlesize": TITLE,
        "axes.titleweight": 600, "axes.titlelocation": "left",
        "legend.frameon": False, "legend.fontsize": SMALL,
        **dict.fromkeys((f"axes.spines.{side}" for side in ("top", "right", "left", "bottom")), False),
        "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0, "ytick.minor.size": 0,
        "axes.axisbelow": True, "grid.color": theme.grid, "grid.linewidth": 1.0, "axes.grid": False,
        "lines.linewidth": 2.2, "lines.solid_capstyle": "round", "image.interpolation": "nearest",
        "axes.prop_cycle": mpl.cycler(color=[theme.colour(name) for name in MEANINGS]),
    }  # fmt: skip


@contextlib.contextmanager
def context(theme: Theme):
    """Everything drawn or saved inside looks like `theme`. `plotting.output` draws figures inside one."""
    _register_fonts()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(rc(theme))
        yield theme


class Canvas(Figure):
    """A figure measured in CSS pixels from its top-left corner. It grows downwards with its contents."""

    def __init__(self, theme: Theme, width: int, height: int):
        super().__init__(figsize=(width / DPI, max(height, 1) / DPI), dpi=DPI)
        FigureCanvasAgg(self)
        self.theme, self.width, self.height = theme, width, max(height, 1)
        self._boxes: list[tuple] = []
        self._notes: list[tuple] = []

    @property
    def narrow(self) -> bool:
        return self.width == NARROW

    def set_height(self, height: float) -> None:
        """Make the canvas `height` px tall; what was placed stays where it is, measured from the top."""
        self.height = round(height)
        self.set_size_inches(self.width / DPI, self.height / DPI)
        for ax, box in self._boxes:
            ax.set_position(self._fraction(*box))
        for text, x, y in self._notes:
            text.set_position((x / self.width, 1 - y / self.height))

    def _fraction(self, x, y, w, h):
        return [x / self.width, 1 - (y + h) / self.height, w / self.width, h / self.height]

    def area(self, x: float, y: float, w: float, h: float, grid: str = "y", below: float = 0, **kwargs) -> Axes:
        """Axes for a plot: box in px, no spines, hairline grid along `grid` ("x", "y", "both" or "").
        `below` px are kept free under it for tick labels."""
        if y + h + below > self.height:
            self.set_height(y + h + below)
        ax = self.add_axes(self._fraction(x, y, w, h), **kwargs)
        self._boxes.append((ax, (x, y, w, h)))
        if grid:
            ax.grid(True, axis=grid)
        ax.tick_params(pad=6)
        return ax

    def note(self, x: float, y: float, text: str, colour: str = "ink", size: float = TEXT, **kwargs):
        """Text at (x, y) px, by its top-left corner unless `ha` / `va` say otherwise. `colour` is a palette
        name or a colour."""
        kwargs = {"ha": "left", "va": "top"} | kwargs
        artist = self.text(
            x / self.width, 1 - y / self.height, text, color=self.theme.label(colour), fontsize=size, **kwargs
        )
        self._notes.append((artist, x, y))
        lines = 1 + text.count("\n")
        if kwargs["va"] == "top" and y + 1.35 * size * lines > self.height:
            self.set_height(y + 1.35 * size * lines)
        return artist


def new_figure(theme: Theme, narrow: bool, height: float = 0) -> Canvas:
    """An empty transparent canvas, 720 or 360 px across, at least `height` px tall."""
    return Canvas(theme, NARROW if narrow else WIDE, round(height))


def check_palette() -> list[str]:
    """Names of palette colours that text may use and that do not read on the page (under 4.5:1)."""
    bad = []
    for theme in THEMES.values():
        for name in (*MEANINGS, "ink", "muted", "accent"):
            for ground in (theme.paper, theme.panel):
                if contrast(theme.label(name), ground) < 4.5:
                    bad.append(f"{theme.name} {name}")
    return bad


TOKENS_HEAD = "/* Generated by `python -m plotting.style`: change figures_src/plotting/style.py instead. */\n"


def tokens_css() -> str:
    """The palette as CSS custom properties: `--dn-latent`, and `--dn-latent-label` where it colours text."""
    blocks = [TOKENS_HEAD]
    for theme, selector in (
        (LIGHT, ':root,\n[data-md-color-scheme="default"]'),
        (DARK, '[data-md-color-scheme="slate"]'),
    ):
        lines = [f"  --dn-{f.name}: {getattr(theme, f.name)};" for f in fields(theme) if f.name != "name"]
        lines += [f"  --dn-{name}-label: {theme.label(name)};" for name in MEANINGS]
        blocks.append(f"{selector} {{\n" + "\n".join(lines) + "\n}\n")
    return "\n".join(blocks)


def main() -> None:
    from denoised.paths import ROOT

    path = ROOT / "docs" / "stylesheets" / "tokens.css"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tokens_css(), encoding="utf-8")
    print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
