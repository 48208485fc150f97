"""Emoji SVG -> 128x128 RGBA arrays on disk, resumable, one memory-mapped file a style.

`data/icons/<style>.npy` uint8 [N, 128, 128, 4] (straight alpha), rows in the order of `catalogue()`; pictures are
composed on white by `on_white`, the only place that does so.
"""

import io
import json
import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import numpy as np

from denoised import paths
from denoised.data.catalogue import STYLES, Icon, catalogue, icon_set
from denoised.errors import DenoisedError

SIZE = 128


def on_white(rgba: np.ndarray) -> np.ndarray:
    """uint8 [..., 4] straight alpha -> uint8 [..., 3] on white, rounded to nearest."""
    colour, alpha = rgba[..., :3].astype(np.uint16), rgba[..., 3:].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def rasterize(body: str, width: float, height: float, left: float = 0, top: float = 0, size: int = SIZE) -> np.ndarray:
    """One Iconify body -> uint8 [size, size, 4], fitted and centred when it is not square."""
    import resvg_py
    from PIL import Image

    side = max(width, height)
    box = f"{left - (side - width) / 2:g} {top - (side - height) / 2:g} {side:g} {side:g}"
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    svg = f'<svg {names} viewBox="{box}" width="{size}" height="{size}">{body}</svg>'
    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def _rasterize_style(style: str, names: list[str], target: str) -> str:
    """Draw one style into `target`; a killed run leaves `target.part` and its row counter to go on from."""
    source = icon_set(style)
    target, part, done_file = Path(target), Path(target + ".part"), Path(target + ".done")
    shape = (len(names), SIZE, SIZE, 4)
    done = int(done_file.read_text() or 0) if done_file.exists() and part.exists() else 0
    out = np.lib.format.open_memmap(part, mode="r+" if done else "w+", dtype=np.uint8, shape=shape)
    for row in range(done, len(names)):
        icon = source["icons"][names[row]]
        size = [icon.get(k, source.get(k, d)) for k, d in (("width", 16), ("height", 16), ("left", 0), ("top", 0))]
        try:
            out[row] = rasterize(icon["body"], *size)
        except Exception as error:
            raise DenoisedError(
                f"The icon {style}/{names[row]} cannot be drawn ({error}): reinstall with `npm ci`."
            ) from None
        if row % 200 == 199:
            out.flush()
            done_file.write_text(str(row + 1))
    out.flush()
    os.replace(part, target)
    done_file.unlink(missing_ok=True)
    return style


def _rows_done(target: Path) -> int:
    """Rows of a style under way, as its process last noted them."""
    try:
        return int(Path(f"{target}.done").read_text() or 0)
    except (OSError, ValueError):
        return 0


def rasterize_all(folder: Path | None = None, workers: int = 2) -> Path:
    """Rasterize every set into `folder` (default data/icons); skips styles that are whole. Returns the folder.

    Raises DenoisedError when a set is missing, an icon is broken or the disk is full.
    """
    from tqdm import tqdm

    folder = Path(folder or paths.DATA / "icons")
    icons = catalogue()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index = folder / "index.json"
        listing = json.dumps([vars(icon) for icon in icons])
        if not index.exists() or index.read_text() != listing:  # another catalogue: rows would not match
            for old in folder.glob("*.npy*"):
                old.unlink()
            index.with_suffix(".tmp").write_text(listing)
            os.replace(index.with_suffix(".tmp"), index)
        with ProcessPoolExecutor(workers) as pool, tqdm(total=len(icons), unit="icon", desc="rasterizing") as bar:
            jobs, whole = {}, 0
            for style in STYLES:
                names = [icon.name for icon in icons if icon.style == style]
                target = folder / f"{style}.npy"
                if target.exists():
                    whole += len(names)
                else:
                    jobs[pool.submit(_rasterize_style, style, names, str(target))] = (target, len(names))
            waiting = set(jobs)
            while waiting:
                finished, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
                for job in finished:
                    job.result()
                    whole += jobs[job][1]
                bar.update(whole + sum(_rows_done(jobs[job][0]) for job in waiting) - bar.n)
            bar.update(whole - bar.n)
    except OSError as error:
        raise DenoisedError(f"The icons cannot be written to {folder}: {error.strerror or error}.") from None
    return folder


def load(folder: Path | None = None) -> tuple[list[Icon], dict[str, np.ndarray]]:
    """(icons in catalogue order, {style: memory-mapped uint8 [N, 128, 128, 4]}); row i of a style is its i-th icon."""
    folder = Path(folder or paths.DATA / "icons")
    if not all((folder / f"{style}.npy").exists() for style in STYLES):
        raise DenoisedError(f"The rasterized icons are not in {folder}: run `make data`.")
    icons = [Icon(**row) for row in json.loads((folder / "index.json").read_text())]
    return icons, {style: np.load(folder / f"{style}.npy", mmap_mode="r") for style in STYLES}
