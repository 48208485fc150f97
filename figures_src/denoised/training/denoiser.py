"""Train the U-Net on cached latents and text states: first 64 px icons (8x8 latents), then 128 px (16x16)."""

import hashlib
import random

import torch

from denoised import paths
from denoised.diffusion import objectives, schedules
from denoised.errors import DenoisedError
from denoised.models import clip as clip_model
from denoised.models import unet as unet_model
from denoised.training import images, loop, store
from denoised.training.clip import small
from denoised.training.presets import Preset

WORDINGS = 8  # captions cached per icon: half short, half rich
# How often an icon of a group is drawn: a model short of time learns things before arrows and professions.
GROUP_WEIGHT = {"animals-nature": 1.5, "food-drink": 1.5, "smileys-emotion": 1.5, "symbols": 0.4, "people-body": 0.5}
SHEET_STEPS = 25
DROPPED = 0.1  # share of captions replaced by the empty prompt, for guidance


def alpha_bar() -> torch.Tensor:
    """The schedule that the shipped scheduler uses, [1000]."""
    return schedules.alpha_bar_from_betas(schedules.rescale_zero_terminal_snr(schedules.scaled_linear_betas()))


def draw_t(n: int, shift: float, generator: torch.Generator, steps: int = 1000) -> torch.Tensor:
    """Timesteps [n]: uniform for shift 1, more of the less noisy ones below 1 (SD3's shift, on u = t / T)."""
    u = torch.rand(n, generator=generator)
    u = shift * u / (1 + (shift - 1) * u)
    # One in ten is uniform: the noisiest steps choose colour and layout and must not starve.
    plain = torch.rand(n, generator=generator)
    u = torch.where(torch.rand(n, generator=generator) < 0.1, plain, u)
    return (u * steps).long().clamp(0, steps - 1)


@torch.no_grad()
def encode_all(vae, pictures: torch.Tensor, batch: int = 16) -> torch.Tensor:
    """uint8 [N, 3, H, W] -> scaled latents [N, 4, H/8, W/8] (posterior means; its spread is 100 times smaller)."""
    out = []
    for part in pictures.split(batch):
        with torch.autocast("cpu", torch.bfloat16):
            out.append(vae.encode(images.to_float(part)).latent_dist.mode().float() * vae.config.scaling_factor)
    return torch.cat(out)


@torch.no_grad()
def text_states(encoder, tokenizer, captions: list[str], batch: int = 256) -> torch.Tensor:
    """captions -> last hidden states [N, 32, 256] in float16."""
    out = []
    for i in range(0, len(captions), batch):
        ids = clip_model.tokenize(tokenizer, captions[i : i + batch])
        with loop.bf16():
            out.append(encoder(input_ids=ids).last_hidden_state.to(torch.float16))
    return torch.cat(out)


def load_text():
    """The shipped text encoder and tokenizer."""
    from transformers import CLIPTextModel, CLIPTokenizer

    folder = paths.WEIGHTS / store.SD
    if not (folder / "text_encoder" / "config.json").exists():
        raise DenoisedError(f"There is no text encoder in {folder}: train it with `python scripts/train.py clip`.")
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval()
    return encoder, CLIPTokenizer.from_pretrained(folder / "tokenizer")


def _digest(model, parts=("",)) -> str:
    """Hash of the parameters whose names start with one of `parts`, and of the data."""
    digest = hashlib.sha256(images.data_hash().encode())
    for name, tensor in sorted(model.state_dict().items()):
        if name.startswith(parts):
            digest.update(tensor.float().numpy().tobytes())
    return digest.hexdigest()[:16]


def _cached(name: str, make) -> torch.Tensor:
    """The tensor runs/cache/<name>.pt, made by `make()` when it is not there."""
    file = paths.RUNS / "cache" / f"{name}.pt"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = make()
        loop.write_whole(file, lambda part: torch.save(made, part))
    return torch.load(file, weights_only=True)


class Cache:
    """Latents and caption states of the trunk's icons, kept on disk under the hash of the models that made them.

    latents float32 [N, 4, pixels/8, pixels/8] (scaled), states float16 [N, WORDINGS, 32, 256], empty [32, 256].
    """

    def __init__(self, pixels: int, text: bool = True):
        self.vae = store.load_vae()
        self.rows, pictures = images.select(images.in_trunk)
        # A polished decoder leaves the latents valid, so only the encoder half counts.
        key = _digest(self.vae, ("encoder.", "quant_conv."))
        self.latents = _cached(
            f"latents-{key}-{pixels}", lambda: encode_all(self.vae, small(pictures) if pixels == 64 else pictures)
        )
        if text:
            self.encoder, self.tokenizer = load_text()
            self.states = _cached(
                f"states-{_digest(self.encoder)}",
                lambda: text_states(self.encoder, self.tokenizer, self.words()).unflatten(0, (-1, WORDINGS)),
            )
            self.empty = text_states(self.encoder, self.tokenizer, [""])[0]

    def words(self) -> list[str]:
        """The captions whose states are kept, WORDINGS for each icon in turn."""
        rng = random.Random(7)
        return [images.wording(row, rng, rich=k % 2 == 1) for row in self.rows for k in range(WORDINGS)]


def train_unet(preset: Preset, **limits):
    """Returns (unet, report). Starts from the preset named in extra["start"], if any."""
    torch.manual_seed(preset.seed)
    cache = Cache(preset.extra["pixels"])
    unet = unet_model.build()
    if start := preset.extra.get("start"):
        unet.load_state_dict(_averaged(start).state_dict())
    unet = unet.to(memory_format=torch.channels_last)
    table, shift = alpha_bar(), preset.extra["shift"]
    fixed = torch.Generator().manual_seed(11)
    probe = torch.randperm(len(cache.latents), generator=fixed)[:256]
    probe_eps = torch.randn(cache.latents[probe].shape, generator=fixed)
    probe_t = torch.randint(600, 900, (256,), generator=fixed)[: len(probe)]

    weight = torch.tensor([GROUP_WEIGHT.get(row.group, 1.0) for row in cache.rows])

    def denoiser(states):
        def call(xt, t):
            return unet(xt.contiguous(memory_format=torch.channels_last), t, states).sample

        return call

    # --8<-- [start:loss]
    def loss_of(step, generator):
        pick = torch.multinomial(weight, preset.batch, replacement=True, generator=generator)
        wording = torch.randint(WORDINGS, (preset.batch,), generator=generator)
        states = cache.states[pick, wording].float()
        states[torch.rand(preset.batch, generator=generator) < DROPPED] = cache.empty.float()
        x0 = cache.latents[pick]
        eps = torch.randn(x0.shape, generator=generator)
        t = draw_t(preset.batch, shift, generator)
        with loop.bf16():
            return objectives.diffusion_loss(denoiser(states), x0, eps, t, table, prediction="v").mean(), {}
        # --8<-- [end:loss]

    def evaluate():
        """Caption-swap gap: loss with other icons' captions over loss with the right ones (1 = deaf to text)."""
        loss = {}
        for name, order in (("right", probe), ("swapped", probe.roll(1))):
            total = 0.0
            for part in torch.arange(len(probe)).split(64):
                with loop.bf16():
                    total += objectives.diffusion_loss(
                        denoiser(cache.states[order[part], 0].float()), cache.latents[probe[part]], probe_eps[part],
                        probe_t[part], table, prediction="v", gamma=None).sum().item()  # fmt: skip
            loss[name] = total / len(probe)
        store.save_model(unet, paths.RUNS / preset.name / "ema", preset, {})
        sheet(unet, cache, preset.extra["pixels"], paths.RUNS / preset.name / "sheet.png")
        return {"gap": round(loss["swapped"] / loss["right"], 4), "probe_loss": round(loss["right"], 5)}

    report = loop.train(preset, unet, loss_of, evaluate, evaluate_every=25_600, **limits)
    return unet, report | evaluate()


def _averaged(name: str):
    """The averaged U-Net that preset `name` left in runs/, or the shipped one if that preset made it."""
    from diffusers import UNet2DConditionModel

    folder = paths.RUNS / name / "ema"
    shipped = paths.WEIGHTS / store.SD / "unet"
    if not (folder / "config.json").exists() and (shipped / "card.json").exists():
        folder = shipped if store.read_card(shipped)["preset"]["name"] == name else folder
    if not (folder / "config.json").exists():
        raise DenoisedError(
            f"This run goes on from '{name}', which has not been trained: `python scripts/train.py {name}`."
        )
    return UNet2DConditionModel.from_pretrained(folder, torch_dtype=torch.float32)


@torch.no_grad()
def sheet(unet, cache: Cache, pixels: int, path, guidance: float = 3.0, steps: int | None = None) -> None:
    """Draw `images.sheet_captions` with seeds 0, 1, 2, ... and save the contact sheet (2 rows of 8)."""
    scheduler = unet_model.scheduler()
    scheduler.set_timesteps(steps or SHEET_STEPS)
    states = text_states(cache.encoder, cache.tokenizer, images.sheet_captions()).float()
    n, side = len(states), pixels // 8
    both = torch.cat([cache.empty.float().expand_as(states), states])
    x = torch.cat([torch.randn((1, 4, side, side), generator=torch.Generator().manual_seed(i)) for i in range(n)])
    for t in scheduler.timesteps:
        with loop.bf16():
            v_u, v_c = unet(torch.cat([x, x]), t, both).sample.float().chunk(2)
        x = scheduler.step(v_u + guidance * (v_c - v_u), t, x).prev_sample
    pictures = cache.vae.decode(x / cache.vae.config.scaling_factor).sample
    save_sheet(pictures, path)


def save_sheet(pictures: torch.Tensor, path) -> None:
    """Pictures float [N, 3, H, W] in [-1, 1] as one file, in rows of 8."""
    from PIL import Image

    shown = ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    rows = [torch.cat(list(shown[i : i + 8]), dim=2) for i in range(0, len(shown), 8)]
    Image.fromarray(torch.cat(rows, dim=1).permute(1, 2, 0).numpy()).save(path)
