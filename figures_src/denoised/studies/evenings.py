"""The same prompts played many times: at how loud a guidance, and by which sampler in how many steps. What came out is
kept as small pictures; who looks at them is the figures' business.

    python scripts/lab_evenings.py        # two or three minutes on one core; writes evenings.npz beside this file

Results belong to one set of weights: figures say so when the U-Net or the decoder has changed since.

Written down before the first run. Guidance: the judge names more things as it rises, then fewer; two seeds of a prompt
become more alike. Samplers: DDIM and Euler are one sampler under two names; the two of higher order need about half of
their steps; the ancestral one arrives elsewhere.
"""

import inspect
import io
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from denoised.diffusion import samplers
from denoised.diffusion.guidance import guided
from denoised.pipeline import decode, encode
from denoised.studies import shelf

FILE = Path(__file__).with_suffix(".npz")
SIDE = 64  # pixels of what is kept, which is what the judge looks at


@dataclass(frozen=True)
class Settings:
    """Everything that is played. Prompts are "<concept>, noto style"; runs are in the cast's order, seeds inner."""

    cast: tuple[str, ...] = ("cat-face", "red-apple", "pizza", "red-heart", "house", "octopus", "skull", "rocket",
                             "tiger-face", "dog-face", "rose", "grinning-face")  # fmt: skip
    style: str = "noto"
    strengths: tuple[int, ...] = (0, 1, 3, 6, 10, 15)
    loud_seeds: tuple[int, ...] = (7, 8)
    loud_steps: int = 8
    samplers: tuple[str, ...] = ("DDIM", "Euler", "Euler ancestral", "DPM++ 2M", "UniPC")
    counts: tuple[int, ...] = (2, 5, 10, 20)
    full: int = 60  # steps of what the others are measured against
    sampled: int = 6  # of the cast
    guidance: float = 3.0
    seed: int = 11


SETTINGS = Settings()


def key(settings: Settings = SETTINGS) -> str:
    """Short hash of the settings and of the source of what plays."""
    return shelf.key(asdict(settings), stock, play, small)


def prompts(concepts, settings: Settings = SETTINGS) -> list[str]:
    return [f"{concept.replace('-', ' ')}, {settings.style} style" for concept in concepts]


def stock(name: str, config):
    """The scheduler of diffusers behind a name of the drop-down, with the shipped schedule (v, ends in pure noise)."""
    import diffusers

    kinds = {
        "DDIM": diffusers.DDIMScheduler,
        "Euler": diffusers.EulerDiscreteScheduler,
        "Euler ancestral": diffusers.EulerAncestralDiscreteScheduler,
        "DPM++ 2M": diffusers.DPMSolverMultistepScheduler,
        "UniPC": diffusers.UniPCMultistepScheduler,
    }
    if name not in kinds:
        raise ValueError(f"There is no sampler {name!r} here; there are {', '.join(kinds)}.")
    return kinds[name].from_config(config)


# --8<-- [start:play]
@torch.no_grad()
def play(pipe, scheduler, states, empty, seeds, steps: int, guidance: float):
    """Finished latents [N, C, h, w] of any scheduler of diffusers; noise from one generator a seed, as in `pipeline`."""

    def unet(xt, t, context):
        return pipe.unet(xt, t, encoder_hidden_states=context, return_dict=False)[0]

    model = guided(unet, guidance, states, empty)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    side = pipe.unet.config.sample_size
    blank = torch.empty(len(seeds), pipe.unet.config.in_channels, side, side)
    scheduler.set_timesteps(steps)
    xt = samplers.noise_like(blank, generators) * scheduler.init_noise_sigma
    fresh = {"generator": generators} if "generator" in inspect.signature(scheduler.step).parameters else {}
    for t in scheduler.timesteps:
        answer = model(scheduler.scale_model_input(xt, t), t)
        xt = scheduler.step(answer, t, xt, **fresh).prev_sample
    return xt
    # --8<-- [end:play]


def small(pictures) -> np.ndarray:
    """uint8 [N, H, W, 3] to uint8 [N, SIDE, SIDE, 3], by area."""
    n, height, width, _ = pictures.shape
    blocks = pictures.reshape(n, SIDE, height // SIDE, SIDE, width // SIDE, 3).astype(np.float32)
    return blocks.mean((2, 4)).round().astype(np.uint8)


def pack(pictures) -> np.ndarray:
    """Pictures uint8 [N, SIDE, SIDE, 3] as one WebP sheet, a column each; slightly lossy, as bytes in an array."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(list(pictures), axis=1)).save(buffer, "WEBP", quality=92, method=6)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def unpack(sheet) -> np.ndarray:
    """What `pack` packed: uint8 [N, SIDE, SIDE, 3]."""
    from PIL import Image

    picture = np.asarray(Image.open(io.BytesIO(bytes(sheet))).convert("RGB"))
    return np.stack(np.split(picture, picture.shape[1] // SIDE, axis=1))


def load(lab, path: Path = FILE, settings: Settings = SETTINGS) -> tuple[dict, dict[str, np.ndarray]]:
    """(facts, pictures by name) of the committed results, for a lab whose figure declared "emoji-sd". facts["remark"] is a
    sentence for the caption if they were played with other weights than the shipped ones, otherwise empty.

    Raises DenoisedError when the file is missing, damaged, or of other settings or code.
    """
    facts, arrays = shelf.take(path, key(settings), "lab_evenings")
    now = shelf.digests(lab, "emoji-sd/unet", "emoji-sd/vae")
    facts["remark"] = (
        "" if facts["weights"] == now else " Played with weights of an earlier round than the shipped ones."
    )
    return facts, {name: unpack(sheet) for name, sheet in arrays.items()}


def real(pipe, specimens, settings: Settings = SETTINGS) -> np.ndarray:
    """The cast's real icons, coded, decoded and kept like everything else: what a judge can do at best. [cast, ...]."""

    def row(concept):
        found = specimens.where(concept=concept, tone="none")
        return min(
            found, key=lambda i: specimens.records[i]["style"] != settings.style
        )  # another style if there is none

    rows = [row(concept) for concept in settings.cast]
    return unpack(pack(small(decode(pipe.vae, encode(pipe.vae, specimens.images[rows])))))
