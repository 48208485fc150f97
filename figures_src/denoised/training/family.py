"""The whole family on a folder of one's own pictures: autoencoder, text encoder, denoiser, one card. Resumable.

    OUT/emoji-sd/          what StableDiffusionPipeline.from_pretrained loads (and figures, with --weights OUT)
    OUT/card.json, README.md, sheet.png     how it was made, how well it does, what it draws
    OUT/runs/              checkpoints, by which a stopped training goes on
"""

import json
import shutil
from pathlib import Path

from denoised import paths
from denoised.data import own
from denoised.errors import DenoisedError
from denoised.training import images, run, store
from denoised.training.loop import write_whole
from denoised.training.presets import preset

FAMILY = ("vae", "clip", "unet-64px", "unet")  # in this order: each reads what the ones before it made
MADE = {"vae": "vae", "clip": "text_encoder", "unet": "unet"}  # what a preset leaves in OUT/emoji-sd


def train(folder: Path, out: Path, threads: int | None = None, presets=None, **limits) -> bool:
    """Train what is missing in `out`. False when it was interrupted. DenoisedError, with a sentence, for a folder that
    cannot be learned from, and for an `out` that holds weights of other pictures."""
    data = own.read(folder)
    note = out / "runs" / "data.json"
    if out.exists() and any(out.iterdir()):
        noted = json.loads(note.read_text()) if note.is_file() else {}
        if noted.get("data") != data.digest:
            why = "of other pictures, or of the same ones before they were changed" if noted else "that is not a family"
            raise DenoisedError(f"{out} holds something {why}: choose another --out, or delete it.")
    note.parent.mkdir(parents=True, exist_ok=True)
    write_whole(note, lambda part: part.write_text(json.dumps({"data": data.digest, "pictures": len(data.rows)})))
    paths.WEIGHTS, paths.RUNS = out, out / "runs"
    images.take_from(data)
    try:
        for name in FAMILY:
            item = (presets or preset)(name)
            if name in MADE and (out / store.SD / MADE[name] / "card.json").is_file():
                continue
            if not run.run(item, threads, **limits):
                return False
        write_card(data, out)
    finally:
        images.take_from(None)
    return True


def write_card(data: own.Folder, out: Path) -> None:
    """card.json and README.md of a finished family, and the last sample sheet."""
    cards = {part: store.read_card(out / store.SD / part) for part in MADE.values()}
    shutil.copyfile(out / "runs" / "unet" / "sheet.png", out / "sheet.png")
    held = sum(row.split != "train" for row in data.rows)
    facts = {
        "pictures": len(data.rows), "held_out": held, "data": data.digest, "parts": cards,
        "autoencoder_psnr": cards["vae"]["psnr_held_out"], "retrieval": cards["text_encoder"]["retrieval_pair"],
        "caption_swap_gap": cards["unet"]["gap"],
    }  # fmt: skip
    write_whole(out / "card.json", lambda part: part.write_text(json.dumps(facts, indent=1) + "\n"))
    rows = "".join(
        f"| {part} | {card['preset']['name']} | {card['samples']:,} | {card['seconds'] / 60:.0f} min |\n"
        for part, card in cards.items()
    )
    found = facts["retrieval"]
    text = f"""# A small Stable Diffusion of one's own

Trained on {len(data.rows):,} pictures, of which {held:,} were held out. Their conditions are those of the pictures.

| part | preset | samples | time |
|---|---|---|---|
{rows}
- The autoencoder gives held-out pictures back with {facts["autoencoder_psnr"]:.1f} dB.
- By its caption the text encoder finds a held-out picture among {found["among"]} in {found["top1"]:.0f} % of cases.
- The denoiser's error is {facts["caption_swap_gap"]:.2f} times as large with another picture's caption (1 = deaf).

![Sixteen captions that it learned from, not picked](sheet.png)

    from diffusers import StableDiffusionPipeline
    StableDiffusionPipeline.from_pretrained("{out.name}/{store.SD}")(
        {images.sheet_captions()[0]!r}, guidance_scale=3.0, num_inference_steps=25, height=128, width=128).images[0]
"""
    write_whole(out / "README.md", lambda part: part.write_text(text, encoding="utf-8"))
