"""One training loop for every model: warm-up, constant rate, 1-sqrt cooldown, EMA, checkpoints that survive a kill.

Rate schedule: Hägele et al. 2024 (arXiv 2405.18392): no length has to be fixed beforehand, so a stopped run goes on.
"""

import contextlib
import errno
import json
import os
import pickle
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from denoised import paths
from denoised.errors import DenoisedError
from denoised.training.presets import Preset

CHECKPOINT_SECONDS = 120
TILES = bool(torch.cpu.get_capabilities().get("amx_bf16"))  # whether the processor multiplies matrices in bf16 by tiles


def bf16() -> torch.autocast:
    """Context of what a trainer computes: bf16 where the processor has tiles for it, where it is the quicker one; float32
    elsewhere, where bf16 took about twice as long (docs/contributing/log.md). What a study's key covers (`encode_all`, the
    towers, recipes and losses) keeps the precision that its results were measured with."""
    return torch.autocast("cpu", torch.bfloat16, enabled=TILES)


def rate_factor(samples: int, progress: float, warmup: int, cooldown: float = 0.25) -> float:
    """Multiplier of the learning rate after `samples`, at `progress` in [0, 1] of the run, which cools down over its
    last share `cooldown`."""
    up = min(1.0, (samples + 1) / max(1, warmup))
    down = 1.0 if progress < 1 - cooldown or not cooldown else 1 - ((progress - 1 + cooldown) / cooldown) ** 0.5
    return up * max(down, 0.0)


class Ema:
    """Exponential moving average of parameters, kept in float32; `every` steps between updates keep it cheap."""

    def __init__(self, parameters, decay: float, every: int = 8):
        self.live = list(parameters)
        self.shadow = [p.detach().clone() for p in self.live]
        self.decay, self.every = decay, every

    @torch.no_grad()
    def update(self, step: int) -> None:
        if step % self.every == 0:
            # Early on a long average would still remember the random start.
            decay = min(self.decay**self.every, (1 + step) / (10 * self.every + step))
            torch._foreach_lerp_(self.shadow, [p.detach() for p in self.live], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange live and averaged weights (call twice to get back)."""
        for live, shadow in zip(self.live, self.shadow, strict=True):
            live.data, shadow.data = shadow.data, live.data


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write to a temporary name and rename; a full disk is one DenoisedError and leaves the old file."""
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # torch.save tells of a full disk as a RuntimeError, without an errno
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, RuntimeError) and "inline_container" not in str(error) and "Stream" not in str(error):
            raise
        full = isinstance(error, RuntimeError) or error.errno == errno.ENOSPC
        hint = "the disk is full" if full else error.strerror or str(error)
        raise DenoisedError(f"The checkpoint {path} cannot be written: {hint}; the run can be resumed.") from None


def train(
    preset: Preset,
    model: nn.Module,
    loss_of: Callable[[int, torch.Generator], tuple[torch.Tensor, dict]],
    evaluate: Callable[[], dict] | None = None,
    evaluate_every: int = 20_000,
    minutes: float | None = None,
    samples: int | None = None,
) -> dict:
    """Run `preset` and leave `model` with its averaged weights.

    `loss_of(step, generator)` draws one batch from the generator and returns (loss, parts to log). Resumes from
    runs/<preset>/last.pt if that is there. `minutes` limits this run by wall-clock, the cooldown then follows the
    clock. Returns {"samples", "seconds", "core_seconds" (of all cores, by the processor's count; None if the run began
    before that was counted), "curve": [{"samples", "loss", ...}], "finished"}.
    """
    folder = paths.RUNS / preset.name
    folder.mkdir(parents=True, exist_ok=True)
    total = samples or preset.samples
    parameters = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in parameters if p.ndim >= 2]
    groups = [{"params": decayed, "weight_decay": preset.weight_decay},
              {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0}]  # fmt: skip
    optimizer = torch.optim.AdamW(groups, lr=preset.lr, betas=(0.9, 0.98), fused=True)
    ema = Ema(parameters, preset.ema)
    generator = torch.Generator().manual_seed(preset.seed)
    state = {"step": 0, "seconds": 0.0, "core_seconds": 0.0, "curve": []}
    last = folder / "last.pt"
    if last.exists():
        state = _restore(last, preset, parameters, optimizer, ema, generator)

    def checkpoint() -> None:
        state["seconds"], state["core_seconds"] = spent(), worked()
        payload = {
            "model": [p.detach() for p in parameters], "ema": ema.shadow, "optimizer": optimizer.state_dict(),
            "generator": generator.get_state(), "state": state, "preset": asdict(preset),
        }  # fmt: skip
        write_whole(last, lambda part: torch.save(payload, part))
        write_whole(folder / "curve.json", lambda part: part.write_text(json.dumps(state["curve"])))

    begun, before = time.monotonic(), state["seconds"]
    began, worked_before = time.process_time(), state.get("core_seconds")  # older runs have none

    def spent() -> float:
        return before + time.monotonic() - begun

    def worked() -> float | None:
        return None if worked_before is None else round(worked_before + time.process_time() - began, 1)

    stop = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.append(True))
    saved = time.monotonic()
    done, parts_sum, parts_n = state["step"] * preset.batch, {}, 0
    bar = tqdm(total=total, initial=done, unit="img", unit_scale=True, desc=preset.name, smoothing=0.05, mininterval=5)
    model.train()
    while done < total and not stop:
        progress = done / total
        if minutes:
            progress = max(progress, spent() / (60 * minutes))
            if progress >= 1:
                break
        for group in optimizer.param_groups:
            group["lr"] = preset.lr * rate_factor(done, progress, preset.warmup, preset.cooldown)
        loss, parts = loss_of(state["step"], generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, preset.clip_norm)
        if not torch.isfinite(norm):
            raise DenoisedError(f"The loss of '{preset.name}' is not finite at step {state['step']}: lower its rate.")
        optimizer.step()
        state["step"] += 1
        ema.update(state["step"])
        done = state["step"] * preset.batch
        for key, value in {"loss": loss.item(), **parts}.items():
            parts_sum[key] = parts_sum.get(key, 0.0) + float(value)
        parts_n += 1
        bar.update(preset.batch)
        if done // evaluate_every != (done - preset.batch) // evaluate_every:
            point = {"samples": done, "seconds": round(spent(), 1)}
            point |= {k: round(v / parts_n, 5) for k, v in parts_sum.items()}
            if evaluate:
                ema.swap()
                model.eval()
                with torch.no_grad():
                    point |= evaluate()
                model.train()
                ema.swap()
            state["curve"].append(point)
            if done in preset.extra.get("keep", ()):
                shutil.copytree(folder / "ema", folder / f"at-{done}", dirs_exist_ok=True)
            parts_sum, parts_n = {}, 0
            tqdm.write(json.dumps(point))
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            checkpoint()
            saved = time.monotonic()
    bar.close()
    if parts_n and not stop:  # what came after the last evaluation, so that a short run has a curve too
        point = {"samples": done, "seconds": round(spent(), 1)}
        state["curve"].append(point | {k: round(v / parts_n, 5) for k, v in parts_sum.items()})
    checkpoint()
    ema.swap()
    model.eval()
    times = {"seconds": round(spent(), 1), "core_seconds": worked()}
    return {"samples": done, **times, "curve": state["curve"], "finished": not stop}


def _restore(last: Path, preset: Preset, parameters, optimizer, ema: Ema, generator: torch.Generator) -> dict:
    try:
        saved = torch.load(last, map_location="cpu", weights_only=True)
        with torch.no_grad():
            for mine, theirs in zip(parameters, saved["model"], strict=True):
                mine.copy_(theirs)
            for mine, theirs in zip(ema.shadow, saved["ema"], strict=True):
                mine.copy_(theirs)
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["generator"])
        state = saved["state"]
    except (RuntimeError, ValueError, KeyError, TypeError, EOFError, OSError, pickle.UnpicklingError) as error:
        said = str(error).split("\n")[0][:80].rstrip(". ") or type(error).__name__
        raise DenoisedError(
            f"The checkpoint {last} does not fit preset '{preset.name}' or is damaged ({said}): "
            "delete it to start afresh."
        ) from None
    return state
