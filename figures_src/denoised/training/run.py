"""From a preset to weights on disk: which trainer, and where its result goes."""

import json

import torch

from denoised import paths
from denoised.training import store
from denoised.training.presets import Preset


def run(preset: Preset, threads: int | None = None, **limits) -> bool:
    """Train and save. Returns False when it was interrupted (the checkpoint stays, the weights do not change)."""
    if threads:
        torch.set_num_threads(threads)
    sd = paths.WEIGHTS / store.SD
    if preset.kind == "vae":
        from denoised.training.autoencoder import train_vae

        start = store.read_card(sd / "vae") if "start" in preset.extra else None
        vae, report = train_vae(preset, **limits)
        if report["finished"]:
            store.save_model(vae, sd / "vae", preset, report, **({"start": start} if start else {}))
    elif preset.kind == "decoder":
        from denoised.training.autoencoder import train_decoder

        vae, report = train_decoder(preset, store.load_vae(), **limits)
        if report["finished"] and preset.extra["style"] == "base":
            store.save_model(vae, sd / "vae", preset, report, encoder=store.read_card(sd / "vae"))
        elif report["finished"]:
            store.save_decoder(vae, preset.extra["style"], preset, report)
    elif preset.kind == "tiny":
        from denoised.training.tiny_decoder import train_tiny

        decoder, report = train_tiny(preset, store.load_vae(), **limits)
        if report["finished"]:
            folder = paths.WEIGHTS / "decoders" / preset.name
            folder.mkdir(parents=True, exist_ok=True)
            store.save_tensors(decoder, folder / "decoder.safetensors")
            store.write_card(folder, preset, report)
    elif preset.kind == "tiny-vae":
        from denoised.training.tiny_autoencoder import train_tiny_autoencoder

        small, report = train_tiny_autoencoder(preset, store.load_vae(), **limits)
        if report["finished"]:
            store.save_model(small, paths.WEIGHTS / preset.name, preset, report)
    elif preset.kind == "clip":
        from denoised.training.clip import train_clip

        clip, _, report = train_clip(preset, **limits)
        if report["finished"]:
            store.save_model(clip.text, sd / "text_encoder", preset, report)
            store.save_tensors(clip, paths.RUNS / preset.name / "clip.safetensors")
    elif preset.kind == "judge":
        from denoised.models import judge as judge_model
        from denoised.training.judge import train_judge

        net, report = train_judge(preset, **limits)
        if report["finished"]:
            folder = paths.WEIGHTS / preset.name
            judge_model.save_config(net, folder)
            store.save_tensors(net, folder / "model.safetensors")
            start = preset.extra.get("start")  # a shipped one, whatever lies in runs/
            store.write_card(folder, preset, report, **({"start": store.read_card(paths.WEIGHTS / start)} if start else {}))
    elif preset.kind == "unet":
        from denoised.models.unet import scheduler
        from denoised.training.denoiser import train_unet

        unet, report = train_unet(preset, **limits)
        if report["finished"] and preset.extra["pixels"] == 128:
            store.save_model(unet, sd / "unet", preset, report, start=_earlier(preset.extra.get("start")))
            scheduler().save_pretrained(sd / "scheduler")
            store.write_model_index(sd)
    elif preset.kind in ("dit", "small"):
        from denoised.models.dit import scheduler
        from denoised.training.transformer import train_dit

        net, report = train_dit(preset, **limits)
        if report["finished"] and preset.extra["pixels"] == 128 and preset.kind == "dit":
            folder = paths.WEIGHTS / "dit"
            store.save_rounded(net, folder / "transformer", preset, report, start=_earlier(preset.extra.get("start")))
            scheduler().save_pretrained(folder / "scheduler")
    elif preset.kind == "space":
        from denoised.training.spaces import train_space

        _, report = train_space(preset, **limits)
    elif preset.kind in ("tokenizer", "teller"):
        from denoised.training import tokens

        _, report = getattr(tokens, f"train_{preset.kind}")(preset, **limits)
    elif preset.kind == "student":
        from denoised.training.student import train_student

        unet, report = train_student(preset, **limits)
        if report["finished"]:
            taught_by = {"sha256": store.read_card(sd / "unet")["sha256"]}
            store.save_adapter(unet, paths.WEIGHTS / preset.name, preset, report, teacher=taught_by)
    elif preset.kind == "small-student":
        from denoised.training.student import train_small_student

        net, report = train_small_student(preset, **limits)
        if report["finished"]:
            folder, taught_by = paths.WEIGHTS / "small", store.read_card(paths.WEIGHTS / "dit" / "transformer")["sha256"]
            start = _earlier(preset.extra["start"])
            store.save_rounded(net, folder, preset, report, teacher={"sha256": taught_by}, start=start)
    return report["finished"]


def _earlier(name: str | None) -> dict | None:
    """The run that another one went on from, for its card: preset, samples, seconds, curve and, in turn, the run
    before that; the shipped card if that preset made what is shipped; None if unknown."""
    last = paths.RUNS / (name or "") / "last.pt"
    if not name or not last.exists():
        shipped = (paths.WEIGHTS / folder / "card.json" for folder in (f"{store.SD}/unet", "dit/transformer"))
        cards = [json.loads(card.read_text()) for card in shipped if card.exists()]
        return next((card for card in cards if card["preset"]["name"] == name), None)
    saved = torch.load(last, map_location="cpu", weights_only=True, mmap=True)
    state = saved["state"]
    samples = state["step"] * saved["preset"]["batch"]
    before = _earlier(saved["preset"]["extra"].get("start"))
    return {"preset": saved["preset"], "samples": samples, "seconds": round(state["seconds"], 1),
            "curve": state["curve"], **({"start": before} if before else {})}  # fmt: skip
