"""Train the diffusion transformer, and the small one, on what the U-Net learns from: the same latents, captions and text
states, in the same two stages, but along a flow instead of a diffusion."""

import torch
from diffusers import PixArtTransformer2DModel, SD3Transformer2DModel
from torch import Tensor

from denoised import paths, rounding
from denoised.diffusion import guidance, objectives, samplers
from denoised.errors import DenoisedError
from denoised.models import dit, small
from denoised.models.dit import ends
from denoised.training import denoiser, images, loop, store
from denoised.training.presets import Preset

FAMILIES = {"dit": dit, "small": small}  # by the preset's kind: what builds a network and asks it
SHIPPED = {SD3Transformer2DModel: "dit/transformer", PixArtTransformer2DModel: "small"}  # below weights/, by its class


def train_dit(preset: Preset, **limits):
    """Returns (transformer, report) for a preset of kind "dit" or "small". Goes on from the preset named in
    extra["start"], if any."""
    torch.manual_seed(preset.seed)
    cache = denoiser.Cache(preset.extra["pixels"])
    family = FAMILIES[preset.kind]
    net, velocity = family.build(side=preset.extra["pixels"] // 8), family.velocity
    if start := preset.extra.get("start"):
        family.enlarge(net, averaged(start, type(net)).state_dict())
    end = ends(cache.tokenizer, cache.words()).unflatten(0, (-1, denoiser.WORDINGS))
    end_empty = ends(cache.tokenizer, [""])
    fixed = torch.Generator().manual_seed(11)
    probe = torch.randperm(len(cache.latents), generator=fixed)[:256]
    probe_eps = torch.randn(cache.latents[probe].shape, generator=fixed)
    probe_tau = torch.empty(len(probe)).uniform_(0.6, 0.9, generator=fixed)
    weight = torch.tensor([denoiser.GROUP_WEIGHT.get(row.group, 1.0) for row in cache.rows])

    # --8<-- [start:loss]
    def loss_of(step, generator):
        pick = torch.multinomial(weight, preset.batch, replacement=True, generator=generator)
        wording = torch.randint(denoiser.WORDINGS, (preset.batch,), generator=generator)
        states, at = cache.states[pick, wording], end[pick, wording]
        deaf = torch.rand(preset.batch, generator=generator) < denoiser.DROPPED
        states[deaf], at[deaf] = cache.empty, end_empty
        context = dit.told(states, at)
        x0 = cache.latents[pick]
        eps = torch.randn(x0.shape, generator=generator)
        tau = objectives.sample_tau(preset.batch, generator=generator)
        with loop.bf16():
            return objectives.flow_loss(lambda xt, tau: velocity(net, xt, tau, context), x0, eps, tau).mean(), {}
        # --8<-- [end:loss]

    def evaluate():
        """Caption-swap gap, as for the U-Net: loss with other icons' captions over loss with the right ones."""
        loss = {}
        for name, order in (("right", probe), ("swapped", probe.roll(1))):
            total = 0.0
            for part in torch.arange(len(probe)).split(64):
                context = dit.told(cache.states[order[part], 0], end[order[part], 0])
                with loop.bf16():
                    total += objectives.flow_loss(
                        lambda xt, tau, context=context: velocity(net, xt, tau, context),
                        cache.latents[probe[part]], probe_eps[part], probe_tau[part]).sum().item()  # fmt: skip
            loss[name] = total / len(probe)
        store.save_model(net, paths.RUNS / preset.name / "ema", preset, {})
        sheet(net, cache, paths.RUNS / preset.name / "sheet.png", velocity)
        return {"gap": round(loss["swapped"] / loss["right"], 4), "probe_loss": round(loss["right"], 5)}

    report = loop.train(preset, net, loss_of, evaluate, evaluate_every=25_600, **limits)
    return net, report | evaluate()


def averaged(name: str, kind: type):
    """The averaged transformer, of the diffusers class `kind`, that preset `name` left in runs/; or, without that, the
    shipped one if that preset made it (a byte a weight: good enough to go on from). DenoisedError without either."""
    folder, shipped = paths.RUNS / name / "ema", paths.WEIGHTS / SHIPPED[kind]
    if (folder / "config.json").exists():
        return kind.from_pretrained(folder, torch_dtype=torch.float32)
    if (shipped / "card.json").exists() and store.read_card(shipped)["preset"]["name"] == name:
        return rounding.load(kind, shipped, name)
    raise DenoisedError(f"This run goes on from '{name}', which has not been trained: `python scripts/train.py {name}`.")


# --8<-- [start:draw]
@torch.no_grad()
def draw(net, noise: Tensor, told: Tensor, untold: Tensor, s: float, steps: int, velocity=dit.velocity) -> Tensor:
    """Scaled latents, shape of `noise` [B, 4, h, w]: Euler's equal strides along the flow, with guidance s.

    `told` and `untold` (of the empty prompt) are [B, L + 1, 256]; `velocity` asks the network, as its family does.
    """
    model = guidance.guided(lambda xt, tau, context: velocity(net, xt, tau, context).float(), s, told, untold)
    return samplers.euler(model, noise, samplers.uniform_taus(steps).float())
    # --8<-- [end:draw]


@torch.no_grad()
def sheet(net, cache: denoiser.Cache, path, velocity=dit.velocity, s: float = 3.0, taus: Tensor | None = None) -> None:
    """Draw `images.sheet_captions` with seeds 0, 1, 2, ... and save the contact sheet (2 rows of 8). With `taus`, without
    guidance and at those times of the flow; otherwise in equal strides."""
    captions, side = images.sheet_captions(), net.config.sample_size
    n = len(captions)
    asked = dit.told(denoiser.text_states(cache.encoder, cache.tokenizer, captions), ends(cache.tokenizer, captions))
    empty = dit.told(cache.empty[None], ends(cache.tokenizer, [""])).expand_as(asked)
    noise = torch.cat([torch.randn((1, 4, side, side), generator=torch.Generator().manual_seed(i)) for i in range(n)])
    with loop.bf16():
        if taus is None:
            z = draw(net, noise, asked, empty, s, denoiser.SHEET_STEPS, velocity)
        else:
            z = samplers.euler(lambda xt, tau: velocity(net, xt, tau, asked).float(), noise, taus)
    pictures = cache.vae.decode(z / cache.vae.config.scaling_factor).sample
    denoiser.save_sheet(pictures, path)
