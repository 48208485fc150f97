#!/usr/bin/env python3
"""Repeat the study of kana: six small nets on printed characters, about two minutes on one core.

    npm install --no-save --prefix FOLDER $(python scripts/lab_kana.py --packages)     the fonts, about 400 MB
    python scripts/lab_kana.py FOLDER                                                  writes kana.npz
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
from PIL import ImageFont

from denoised.errors import DenoisedError
from denoised.studies import kana
from studying import keep_results, run_script


def glyphs(folder: Path, fonts: dict) -> np.ndarray:
    """uint8 [fonts, characters, side, side]: every character in every weight of `fonts`."""
    rows = []
    for name, (version, weights) in fonts.items():
        for weight in weights:
            path = folder / f"node_modules/@fontsource/{name}/files/{name}-japanese-{weight}-normal.woff2"
            try:
                font = ImageFont.truetype(path, kana.SETTINGS.letter)
            except OSError:
                raise DenoisedError(
                    f"{path} cannot be read: install @fontsource/{name}@{version} with npm into {folder}."
                ) from None
            rows.append([kana.draw(font, c) for c in kana.CHARACTERS])
    return np.array(rows)


def main(folder: Path) -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    seen, unseen = glyphs(folder, kana.FONTS), glyphs(folder, kana.UNSEEN)
    labels = torch.arange(len(kana.CHARACTERS)).repeat(len(seen))
    pictures, tests = (torch.from_numpy(g.reshape(-1, *g.shape[2:])) for g in (seen, unseen))
    start = time.process_time()
    facts = {"key": kana.key(), "torch": torch.__version__, "parameters": {}, "loss": {}, "fonts": len(seen),
             "families": len(kana.FONTS)}  # fmt: skip
    arrays = {"pictures": unseen}
    for kind in kana.KINDS:
        found = []
        for seed in kana.SETTINGS.seeds:
            net = kana.build(kind, seed)
            facts["parameters"][kind] = sum(p.numel() for p in net.parameters())
            facts["loss"].setdefault(kind, []).append(kana.train(net, pictures, labels, seed))
            found.append(kana.answers(net, tests))
            right = (found[-1][0, 0] == np.tile(np.arange(len(kana.CHARACTERS)), len(unseen))).mean()
            print(f"{kind}, seed {seed}: {right:.1%} of unseen fonts in the middle", flush=True)
        said = np.stack(found)
        arrays[f"said_{kind}"] = said.reshape(*said.shape[:3], len(unseen), len(kana.CHARACTERS))
    facts["seconds"] = round(time.process_time() - start)
    keep_results(kana.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--packages"]:
        print(*(f"@fontsource/{name}@{version}" for name, (version, _) in (kana.FONTS | kana.UNSEEN).items()))
        sys.exit(0)
    if len(sys.argv) != 2:
        sys.exit("Say in which folder the fonts are: python scripts/lab_kana.py FOLDER (or --packages).")
    run_script(main, Path(sys.argv[1]))
