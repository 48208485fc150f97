#!/usr/bin/env python3
"""Repeat the study of the traces that networks leave in spectra: half an hour on one core; needs `make data`.

    python scripts/lab_traces.py                resumes where it was stopped; writes figures_src/denoised/studies/traces.npz
    python scripts/lab_traces.py transposed 2   only that small decoder; several such calls can run side by side
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch

from denoised import paths
from denoised.data.captions import prompt
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.pipeline import decode, encode, generate_batch
from denoised.probes import ghosts
from denoised.probes.metrics import LUMA, psnr
from denoised.studies import shelf, traces
from denoised.training import images
from studying import keep_results, made_once, run_script

LAB = Lab("knows/traces", weights=("emoji-sd",), data=())


def some(keep, count: int, seed: int):
    """(rows, pictures uint8 [count, 3, 128, 128]) of those that keep(row) wants, chosen by the seed."""
    rows, pictures = images.select(keep)
    chosen = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:count]
    return [rows[int(i)] for i in chosen], pictures[chosen]


def unseen(row) -> bool:
    return row.split in ("concept", "pair") and row.tone == "none" and row.group not in images.NOT_TRUNK


def small_decoder(kind: str, seed: int, latents, pictures, asked) -> dict[str, torch.Tensor]:
    """Train it, and rebuild the icons whose latents are `asked`."""
    net = traces.decoder(kind, seed)
    error = traces.train(net, latents, pictures, seed)
    with torch.no_grad():
        rebuilt = torch.cat([net(z) for z in asked.split(16)])
    rebuilt = ((rebuilt + 1) * 127.5).round().clamp(0, 255).byte()
    return {"images": rebuilt.permute(0, 2, 3, 1).contiguous(), "error": torch.tensor(error)}


def standing(pictures) -> np.ndarray:
    """How far each frequency stands out of its neighbours, [64, 64]: geometric mean over uint8 [N, H, W, 3]."""
    ratio = ghosts.standing_out(np.asarray(pictures).astype(np.float64) @ LUMA)
    half = ratio.shape[-1] // 2
    return np.exp(np.log(np.maximum(ratio, 1e-12)).mean(0))[: half + 1, : half + 1].astype(np.float16)


def main(arguments: list[str]) -> int:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    settings = traces.SETTINGS
    runs = [(kind, seed) for kind in traces.KINDS for seed in settings.seeds]
    if arguments and arguments not in [[kind, str(seed)] for kind, seed in runs]:
        raise DenoisedError(f"'{' '.join(arguments)}' is no decoder of this study; say nothing, or a kind and a seed: "
                            f"{', '.join(f'{kind} {seed}' for kind, seed in runs)}.")  # fmt: skip
    folder = paths.RUNS / "lab-traces" / traces.key()
    folder.mkdir(parents=True, exist_ok=True)
    pipe = LAB.pipeline()
    rows, real = some(unseen, settings.icons, 0)
    _, lessons = some(images.in_trunk, settings.lessons, 1)
    learned = made_once(folder, "latents", lambda: {"z": encode(pipe.vae, lessons.permute(0, 2, 3, 1).numpy())})["z"]
    real = real.permute(0, 2, 3, 1).numpy()
    asked = made_once(folder, "asked", lambda: {"z": encode(pipe.vae, real)})["z"]

    def rebuilt(kind, seed):
        return made_once(folder, f"{kind}-{seed}", lambda: small_decoder(kind, seed, learned, lessons, asked))

    if arguments:
        rebuilt(arguments[0], int(arguments[1]))
        return 0
    sets = {"rebuilt": made_once(folder, "rebuilt", lambda: {"images": torch.from_numpy(decode(pipe.vae, asked))})}
    prompts = [prompt(row) for row in rows[: settings.drawn]]
    sets["drawn"] = made_once(folder, "drawn", lambda: {"images": torch.from_numpy(np.stack([
        trace.image for trace in generate_batch(pipe, prompts, range(len(prompts)), steps=settings.steps,
                                                guidance=settings.guidance)]))})  # fmt: skip
    sets |= {f"{kind}_{seed}": rebuilt(kind, seed) for kind, seed in runs}

    concepts = np.unique([row.concept for row in rows], return_inverse=True)[1]
    features = traces.profile(real)
    healed = traces.profile(ghosts.without(real))
    once_more = traces.profile(sets["rebuilt"]["images"].numpy())
    senseless = [traces.told(features, once_more, concepts, shuffle=k).mean() for k in range(settings.shuffles)]
    arrays = {"concepts": concepts.astype(np.int16), "profile_real": np.exp(features.mean(0)),
              "standing_real": standing(real), "shuffled": np.array(senseless)}  # fmt: skip
    facts = {"key": traces.key(), "torch": torch.__version__, "weights": shelf.digests(LAB, "emoji-sd/unet", "emoji-sd/vae",
             "emoji-sd/text_encoder"), "peak_real": ghosts.peaks(real), "icon": rows[0].id}  # fmt: skip
    for name, made in sets.items():
        pictures = made["images"].numpy()
        n = len(pictures)
        arrays[f"profile_{name}"] = np.exp(traces.profile(pictures).mean(0))
        arrays[f"standing_{name}"] = standing(pictures)
        arrays[f"told_{name}"] = traces.told(features[:n], traces.profile(pictures), concepts[:n])
        arrays[f"healed_{name}"] = traces.told(healed[:n], traces.profile(ghosts.without(pictures)), concepts[:n])
        facts[f"peak_{name}"] = ghosts.peaks(pictures)
        if name != "drawn":
            facts[f"psnr_{name}"] = float(psnr(pictures, real).mean())
        print(f"{name}: told {arrays[f'told_{name}'].mean():.3f}, healed {arrays[f'healed_{name}'].mean():.3f}, "
              f"peak {facts[f'peak_{name}']:.2f}", flush=True)  # fmt: skip
    facts["shown"] = [name for name in sets if not name.endswith(("1", "2"))]  # of the small decoders, the first seed's
    arrays["pictures"] = np.stack([real[0], *(sets[name]["images"][0].numpy() for name in facts["shown"])])
    keep_results(traces.FILE, facts, arrays)
    return 0


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
