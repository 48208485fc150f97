"""Students that draw in four steps without guidance what their teacher draws in eight with it.

Progressive distillation (Salimans & Ho 2022) with the teacher's guidance baked in (Meng et al. 2023), in one round: the
teacher draws many pictures once, and what it passes on its way is kept. The student learns to get from each of its four
places straight to the next one. It sees no icon. There are two: a low-rank adapter of the U-Net, taught by it (LoRA;
Luo et al. 2023 did so for latent consistency), and the small transformer, which the large one teaches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from tqdm import tqdm

from denoised import paths
from denoised.diffusion import bridge, objectives, schedules
from denoised.diffusion.guidance import guided
from denoised.models import adapter, dit, small
from denoised.models import unet as unet_model
from denoised.training import denoiser, loop, store, transformer
from denoised.training.presets import Preset

SHARD = 256  # pictures that are kept in one file
HELD = 2  # of the first shards: what the student is measured on, and never taught


@dataclass(frozen=True)
class Reader:
    """What a network that predicts v is told: `told(icons, wordings)` gives the states [N, L, 256] of captions by their
    indices in the cache, `untold` [L, 256] are those of the empty prompt."""

    told: Callable[[Tensor, Tensor], Tensor]
    untold: Tensor


def reader(cache: denoiser.Cache, ends: bool) -> Reader:
    """For a U-Net; with `ends`, for a transformer in its place (`dit.told`)."""
    if not ends:
        return Reader(lambda icons, wordings: cache.states[icons, wordings].float(), cache.empty.float())
    at = dit.ends(cache.tokenizer, cache.words()).unflatten(0, (-1, denoiser.WORDINGS))
    untold = dit.told(cache.empty[None], dit.ends(cache.tokenizer, [""]))[0]
    return Reader(lambda icons, wordings: dit.told(cache.states[icons, wordings], at[icons, wordings]), untold)


def places(steps: int, total: int = 1000) -> torch.Tensor:
    """The times at which a run of `steps` trailing steps asks the network, falling, [steps]: 999, 749, ..."""
    return torch.tensor([round(total - i * total / steps) - 1 for i in range(steps)])


# --8<-- [start:destination]
def destination(xt: torch.Tensor, xs: torch.Tensor, now: torch.Tensor, then: torch.Tensor) -> torch.Tensor:
    """v at xt (level alpha_bar = now) with which one DDIM step arrives at xs (level then), shape of xt.

    A DDIM step goes to sqrt(then) x0 + sqrt(1 - then) eps, and xt is sqrt(now) x0 + sqrt(1 - now) eps with the same
    two: solved for x0 and eps (Salimans & Ho 2022, appendix G). Levels are [] or [N]; now < then.
    """
    a, b = schedules.time_like(now, xt), schedules.time_like(then, xt)
    x0 = ((1 - a).sqrt() * xs - (1 - b).sqrt() * xt) / ((b * (1 - a)).sqrt() - (a * (1 - b)).sqrt())
    return schedules.v_from_x0_eps(x0, (xt - a.sqrt() * x0) / (1 - a).sqrt(), now)
    # --8<-- [end:destination]


@torch.no_grad()
def draw(unet, read: Reader, cache: denoiser.Cache, preset: Preset, number: int) -> dict[str, torch.Tensor]:
    """One shard: 256 pictures of the teacher. icons and wordings [256], and stops [256, steps + 1, 4, h, w] in fp16: the
    starting noise, what is there at each of the student's later places, and the finished latent."""
    from diffusers import DPMSolverMultistepScheduler

    # the paths of one seed are the same whatever was drawn before
    generator = torch.Generator().manual_seed(preset.seed * 100_000 + number)
    weight = torch.tensor([denoiser.GROUP_WEIGHT.get(row.group, 1.0) for row in cache.rows])
    icons = torch.multinomial(weight, SHARD, replacement=True, generator=generator)
    wordings = torch.randint(denoiser.WORDINGS, (SHARD,), generator=generator)
    xt = torch.randn((SHARD, *cache.latents.shape[1:]), generator=generator)
    scheduler = DPMSolverMultistepScheduler.from_config(unet_model.scheduler().config)
    stops, steps, every = [xt], preset.extra["teacher_steps"], preset.extra["teacher_steps"] // preset.extra["steps"]
    done = []
    for part in range(0, SHARD, 32):
        some = slice(part, part + 32)
        states = read.told(icons[some], wordings[some])
        model = guided(partial(_asked, unet), preset.extra["guidance"], states, read.untold.expand_as(states))
        scheduler.set_timesteps(steps)
        x, passed = xt[some], []
        for i, t in enumerate(scheduler.timesteps):
            x = scheduler.step(model(x, t), t, x).prev_sample
            if (i + 1) % every == 0:
                passed.append(x)
        done.append(torch.stack(passed, 1))
    stops = torch.cat([xt[:, None], torch.cat(done)], 1)
    return {"icons": icons, "wordings": wordings, "stops": stops.half()}


def _asked(unet, xt, t, states):
    with torch.autocast("cpu", torch.bfloat16):
        return unet(xt.contiguous(memory_format=torch.channels_last), t, states).sample.float()


def drawn(teacher: nn.Module, read: Reader, preset: Preset, cache: denoiser.Cache) -> dict[str, torch.Tensor]:
    """All shards of the preset, of which those that are missing in runs/ are drawn first (six to nine a second)."""
    teacher = teacher.eval().to(memory_format=torch.channels_last)
    folder = paths.RUNS / "student-paths" / f"{denoiser._digest(teacher)}-{denoiser._digest(cache.encoder)}"
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for number in tqdm(range(HELD + preset.extra["pictures"] // SHARD), desc="the teacher draws", unit="shard"):
        file = folder / f"{preset.seed}-{number:04}.pt"
        if not file.exists():
            made = draw(teacher, read, cache, preset, number)
            loop.write_whole(file, lambda part, made=made: torch.save(made, part))
        shards.append(torch.load(file, weights_only=True))
    return {name: torch.cat([shard[name] for shard in shards]) for name in shards[0]}


def _teacher():
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(paths.WEIGHTS / store.SD / "unet", torch_dtype=torch.float32)


def _large_teacher():
    return dit.AsUNet(dit.load(paths.WEIGHTS / "dit"), denoiser.alpha_bar())


def train_student(preset: Preset, **limits):
    """Returns (the U-Net with its adapter attached, report). Draws the teacher's paths first, where they are missing."""
    torch.manual_seed(preset.seed)
    cache = denoiser.Cache(128)
    read = reader(cache, ends=False)
    ways = drawn(_teacher(), read, preset, cache)
    unet = adapter.attach(_teacher(), preset.extra["rank"]).to(memory_format=torch.channels_last)

    def sheet(path):
        denoiser.sheet(unet, cache, 128, path, guidance=1.0, steps=preset.extra["steps"])

    return unet, _follow(unet, read, ways, preset, sheet, **limits)


def train_small_student(preset: Preset, **limits):
    """Returns (the small transformer, report): it goes on from the averaged weights of the preset extra["start"], and is
    taught by the large transformer that is shipped."""
    torch.manual_seed(preset.seed)
    cache = denoiser.Cache(128)
    read = reader(cache, ends=True)
    ways = drawn(_large_teacher(), read, preset, cache)
    net = small.build()
    small.enlarge(net, transformer.averaged(preset.extra["start"], type(net)).state_dict())
    unet = dit.AsUNet(net, denoiser.alpha_bar(), small.velocity)

    def sheet(path):
        levels = denoiser.alpha_bar()[places(preset.extra["steps"])]  # DDIM strides along the flow
        transformer.sheet(net, cache, path, small.velocity, taus=bridge.tau_of(levels).float())

    return net, _follow(unet, read, ways, preset, sheet, **limits)


def _follow(unet: nn.Module, read: Reader, ways: dict, preset: Preset, sheet: Callable, **limits) -> dict:
    """Train `unet`, which predicts v, to go where `ways` go, and report; `sheet(path)` draws something to look at."""
    steps = preset.extra["steps"]
    asked = places(steps)
    levels = torch.cat([denoiser.alpha_bar()[asked], torch.ones(1)]).float()  # the last stop is the finished picture
    weights = objectives.loss_weight(levels[:-1]).float()
    held = HELD * SHARD

    def error(pick, place):
        """Weighted squared error of v, [N], for pictures `pick` at places `place` (0 is pure noise)."""
        now, then = (levels[place + k] for k in (0, 1))
        xt, xs = (ways["stops"][pick, place + k].float() for k in (0, 1))
        v = _asked(unet, xt, asked[place], read.told(ways["icons"][pick], ways["wordings"][pick]))
        return weights[place] * (v - destination(xt, xs, now, then)).square().flatten(1).mean(1)

    def loss_of(step, generator):
        pick = torch.randint(held, len(ways["icons"]), (preset.batch,), generator=generator)
        return error(pick, torch.randint(steps, (preset.batch,), generator=generator)).mean(), {}

    def evaluate():
        """Per place, the share of the held paths' target that is not explained; and a sheet to look at."""
        found = {}
        for place in range(steps):
            everywhere = torch.full((held,), place)
            parts = torch.arange(held).split(64)
            found[f"held_{place}"] = round(torch.cat([error(p, everywhere[p]) for p in parts]).mean().item(), 5)
        sheet(paths.RUNS / preset.name / "sheet.png")
        return found

    report = loop.train(preset, unet, loss_of, evaluate, evaluate_every=12_800, **limits)
    return report | evaluate()
