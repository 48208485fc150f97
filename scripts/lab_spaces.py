#!/usr/bin/env python3
"""Repeat the study of pixels, latents and tokens: some minutes on one core, once their networks are trained.

python scripts/train.py --threads 1 pixels latents tokenizer teller    (some eighty minutes of one core; needs `make data`)
python scripts/lab_spaces.py    resumes where it was stopped; writes figures_src/denoised/studies/spaces.npz
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures_src"))

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel

from denoised import paths
from denoised.data import splits
from denoised.data.captions import prompt
from denoised.data.icons import on_white
from denoised.data.prompts import SHEET_PROMPTS
from denoised.errors import DenoisedError
from denoised.lab import Lab
from denoised.models import dit, fsq
from denoised.models import judge as judge_model
from denoised.models.teller import Teller
from denoised.pipeline import decode
from denoised.probes import judge, play
from denoised.studies import fewsteps, shelf
from denoised.studies import spaces as study
from denoised.training import images, store, tokens
from denoised.training.denoiser import encode_all
from denoised.training.spaces import SPACES, draw, noises
from studying import keep_results, made_once, right_about, run_script

S = study.SETTINGS


def to_bytes(x: torch.Tensor) -> np.ndarray:
    """float [N, 3, H, W] in [-1, 1] -> uint8 [N, H, W, 3]."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def denoiser(name: str):
    """The averaged U-Net that preset `name` left in runs/."""
    net = UNet2DConditionModel.from_pretrained(tokens.trained(name), torch_dtype=torch.float32)
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def main() -> None:
    torch.set_num_threads(1)  # one thread adds numbers up in one order
    lab = Lab("study/spaces", weights=("emoji-sd", "judge"), data=("specimens",))
    pipe, net, weights = lab.pipeline(), judge_model.load(lab.weight("judge")), shelf.digests(lab, *study.NETWORKS)
    nets = {name: denoiser(name) for name in SPACES}
    tokenizer, teller = tokens.read("tokenizer", fsq.Tokenizer()), tokens.read("teller", Teller())
    if store.read_card(tokens.trained("teller"))["tokenizer"] != tokens.sha256("tokenizer"):
        raise DenoisedError("The teller learned another tokenizer's tokens: delete runs/teller and train it again.")
    everyone = nets | {"tokenizer": tokenizer, "teller": teller}
    trained = {name: tokens.spent(name) | {"parameters": sum(p.numel() for p in one.parameters())}
               for name, one in everyone.items()}  # fmt: skip
    folder = paths.RUNS / "lab-spaces" / study.key()
    folder.mkdir(parents=True, exist_ok=True)
    mark = "-".join(f"{digest[:4]}" for digest in (*weights.values(), *(one["sha256"] for one in trained.values())))

    held_out = [splits.Row(**record) for record in lab.specimens().records]
    rows = fewsteps.wanted(held_out, splits.load(), set(net.classes["concept"]))
    told, empty = (play.states_of(pipe, words) for words in ([prompt(row) for row in rows], [""]))
    place = {row.id: i for i, row in enumerate(splits.load())}
    real = torch.from_numpy(on_white(images.rgba_at([place[row.id] for row in rows]))).permute(0, 3, 1, 2)
    half = F.avg_pool2d(real.float(), 2).round().to(torch.uint8).contiguous()

    def denoised(name, told):
        found = []
        for part in torch.arange(len(told)).split(S.batch):
            untold = empty.expand(len(part), -1, -1)
            found.append(draw(nets[name], noises(SPACES[name], part), told[part], untold, S.guidance, S.steps))
        return torch.cat(found)

    def spoken(told):
        parts = torch.arange(len(told)).split(S.batch)
        untold = empty[:, : dit.READS]
        return torch.cat([teller.tell(told[part, : dit.READS], untold.expand(len(part), -1, -1), part, S.guidance_told)
                          for part in parts])  # fmt: skip

    @torch.no_grad()
    def painted(words):
        return np.concatenate([to_bytes(tokenizer.decode(fsq.to_digits(part))) for part in words.split(S.batch)])

    ways = {"pixels": partial(denoised, "pixels"), "latents": partial(denoised, "latents"), "told": spoken}
    to_see = {"pixels": to_bytes, "latents": partial(decode, pipe.vae), "told": painted}
    seen = {name: to_see[name](made_once(folder, f"{name}-{mark}", partial(way, told))) for name, way in ways.items()}
    seen |= {"real_whole": half.permute(0, 2, 3, 1).numpy(),
             "real_pixels": to_bytes(images.to_float(F.avg_pool2d(real.float(), 4))),
             "real_latents": decode(pipe.vae, encode_all(pipe.vae, half)),
             "real_told": painted(tokens.tokens_of(tokenizer, half))}  # fmt: skip
    arrays = {"kept": np.array([row.split == "pair" for row in rows])}
    sheet = play.states_of(pipe, SHEET_PROMPTS[: S.shown])
    arrays |= {f"shown_{name}": to_see[name](way(sheet)) for name, way in ways.items()}
    for name, pictures in seen.items():
        arrays |= right_about(net, judge.look(net, study.enlarged(pictures)), rows, name)
    facts = {"key": study.key(), "weights": weights, "torch": torch.__version__, "asked": [row.id for row in rows],
             "trained": trained}  # fmt: skip
    keep_results(study.FILE, facts, arrays)


if __name__ == "__main__":
    run_script(main)
