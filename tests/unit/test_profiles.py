"""Real checkpoints' profiles, on pipelines of the same classes and layouts with tiny random weights on disk."""

import dataclasses
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import tiny_pipelines
import torch
from sitekit_helpers import Project, write_figure

from denoised import checkpoints, pipeline, profiles
from denoised.errors import DenoisedError
from denoised.lab import Lab, weight_hashes
from denoised.paths import ROOT
from plotting.output import verify
from tasks import foreign, pool, recipes, targets

NAMES = ("sd15", "sd21", "sdxl", "flux")
PIXELS = 64
FIGURES = ("models/sheet", "vae/reconstructions", "canvas/crossfade")
CLOSE = {"atol": 2e-5, "rtol": 1e-4}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of checkpoints, half precision as fetched where that is what is fetched."""
    folder = tmp_path_factory.mktemp("models")
    for name in NAMES:
        tiny_pipelines.save(name, folder / "files", folder, half=name in ("sd15", "sdxl"))
    return folder


@pytest.fixture
def known(models, monkeypatch):
    """The profiles, with their weights in that folder and small pictures."""
    small = {
        name: dataclasses.replace(profile, weights_folder=models, pixels=PIXELS)
        for name, profile in profiles.PROFILES.items()
        if name != "tiny"
    }
    monkeypatch.setattr(profiles, "PROFILES", {"tiny": profiles.tiny} | small)
    return profiles.PROFILES


@pytest.fixture
def load(known):
    return lambda name, **more: pipeline.load(known[name].path("emoji-sd"), known[name], **more)


# ------------------------------------------------ the same loop
def stock(pipe, steps, **more):
    """diffusers' own latents after each step."""
    seen = []

    def note(_pipe, _i, _t, tensors):
        seen.append(tensors["latents"].clone())
        return {}

    pipe.set_progress_bar_config(disable=True)
    pipe(
        "a cat", num_inference_steps=steps, generator=torch.Generator().manual_seed(7), height=PIXELS, width=PIXELS,
        callback_on_step_end=note, output_type="latent", **more,
    )  # fmt: skip
    return torch.cat(seen)


@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize("negative", ["", "dog"])
def test_sdxl_latents_are_the_stock_pipelines(load, guidance, negative):
    from diffusers import DDIMScheduler, StableDiffusionXLPipeline

    pipe = load("sdxl")
    schedule = dict(pipe.scheduler.config) | {"timestep_spacing": "trailing", "clip_sample": False}
    parts = {**pipe.components, "scheduler": DDIMScheduler.from_config(schedule, set_alpha_to_one=True)}
    theirs = stock(StableDiffusionXLPipeline(**parts), 5, guidance_scale=guidance, negative_prompt=negative or None)
    trace = pipeline.generate(pipe, "a cat", seed=7, steps=5, guidance=guidance, negative_prompt=negative)
    torch.testing.assert_close(trace.xt[1:], theirs, **CLOSE)
    assert trace.image.shape == (PIXELS, PIXELS, 3)


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_flux_latents_are_the_stock_pipelines(load, guidance):
    from diffusers import FluxPipeline

    pipe = load("flux")
    more = {"true_cfg_scale": guidance, "negative_prompt": ""} if guidance > 1 else {}
    other = FluxPipeline(**pipe.components)
    theirs = stock(other, 4, max_sequence_length=32, **more)
    theirs = FluxPipeline._unpack_latents(theirs, PIXELS, PIXELS, pipe.vae_scale_factor)
    trace = pipeline.generate(pipe, "a cat", seed=7, steps=4, guidance=guidance)
    torch.testing.assert_close(trace.xt[1:], theirs, **CLOSE)
    assert trace.sampler == "euler"
    assert trace.timesteps.tolist() == [1000, 750, 500, 250]


def test_flux_with_embedded_guidance_and_shifted_times(tmp_path):
    """FLUX.1 dev takes the strength of guidance as an input, and its times depend on the picture's size."""
    from diffusers import FluxPipeline

    torch.manual_seed(1)
    tiny_pipelines.flux(tmp_path / "files", guidance=True).save_pretrained(tmp_path / "flux")
    pipe = pipeline.load(tmp_path / "flux", dataclasses.replace(profiles.flux, pixels=PIXELS))
    theirs = stock(FluxPipeline(**pipe.components), 3, max_sequence_length=32, guidance_scale=3.5)
    theirs = FluxPipeline._unpack_latents(theirs, PIXELS, PIXELS, pipe.vae_scale_factor)
    trace = pipeline.generate(pipe, "a cat", seed=7, steps=3, guidance=3.5)
    torch.testing.assert_close(trace.xt[1:], theirs, **CLOSE)
    assert trace.timesteps.tolist() != [1000, 667, 333]


@pytest.mark.parametrize("name", NAMES)
def test_traces_are_consistent_and_listen_to_the_prompt(load, name):
    pipe = load(name)
    first, other = (pipeline.generate(pipe, prompt, seed=1, steps=3) for prompt in ("a cat", "zebra"))
    assert (first.xt[-1] - other.xt[-1]).abs().max() > 1e-4
    torch.testing.assert_close(first.x0[-1], first.xt[-1], **CLOSE)
    assert len(first.tokens) == len(first.input_ids) == len(first.text_states)
    assert first.alpha_bar.shape == (3,)
    assert (first.alpha_bar.diff() > 0).all()


def test_a_batch_is_no_larger_than_the_preset(load, monkeypatch):
    sizes = []
    real = checkpoints.denoise
    monkeypatch.setattr(
        checkpoints, "denoise", lambda pipe, prompts, *more: sizes.append(len(prompts)) or real(pipe, prompts, *more)
    )
    pipeline.generate_batch(load("sdxl"), ["a cat"] * 5, range(5), steps=1, batch=5)
    assert sizes == [2, 2, 1]


def test_parts_rest_on_the_cpu_until_they_are_asked(load, monkeypatch):
    pipe = load("flux")
    assert pipe.rests
    moves = []
    for name in ("text_encoder", "text_encoder_2", "transformer"):
        monkeypatch.setattr(getattr(pipe, name), "to", lambda where, name=name: moves.append((name, where)))
    pipe.home = "cpu"
    pipeline.generate(pipe, "a cat", steps=1, guidance=1.0)
    names = [name for name, _ in moves]
    assert names[-2:] == ["transformer"] * 2
    assert "text_encoder_2" in names[:-2]


@pytest.mark.parametrize(
    ("name", "call", "said"),
    [
        ("flux", lambda p: p.unet, "looks into a U-Net"),
        ("flux", lambda p: p.scheduler.alphas_cumprod, "reads a diffusion schedule"),
        ("flux", lambda p: pipeline.generate(p, "cat", sampler="ddpm"), "follows a flow"),
    ],
)
def test_what_a_model_lacks_is_unsupported(load, name, call, said):
    with pytest.raises(profiles.Unsupported, match=said):
        call(load(name))


def test_flux_refuses_a_size_that_cannot_be_cut_into_patches(load):
    with pytest.raises(ValueError, match="multiple of 16 pixels"):
        pipeline.generate(load("flux"), "cat", steps=1, height=24)


def test_another_class_of_pipeline_is_named(tmp_path):
    (tmp_path / "model_index.json").write_text('{"_class_name": "PixArtAlphaPipeline"}')
    with pytest.raises(DenoisedError, match="holds a PixArtAlphaPipeline"):
        pipeline.load(tmp_path)


# ------------------------------------------------ the lab
def test_a_lab_hands_out_the_checkpoints_parts(known):
    lab = Lab("vae/test", ("emoji-sd",), profile=known["sdxl"])
    assert type(lab.pipeline()).__name__ == "StableDiffusionXLPipeline"
    assert lab.pipeline() is lab.pipeline()
    assert lab.vae().dtype == torch.float32
    assert not any(p.requires_grad for p in lab.vae().parameters())
    hashes = weight_hashes(("emoji-sd/vae",), known["sdxl"])
    assert set(hashes) == {"sdxl/vae/diffusion_pytorch_model.fp16.safetensors"}
    with pytest.raises(DenoisedError, match="WEIGHTS does not declare"):
        Lab("vae/test", ("emoji-sd/vae",), profile=known["sdxl"]).pipeline()
    with pytest.raises(profiles.Unsupported, match="decoders/noto"):
        Lab("vae/test", ("emoji-sd", "decoders/noto"), profile=known["sdxl"]).vae("noto")


@pytest.mark.parametrize("name", NAMES)
def test_absent_weights_are_one_sentence(tmp_path, name):
    profile = dataclasses.replace(profiles.get(name), weights_folder=tmp_path)
    with pytest.raises(DenoisedError) as error:
        profile.require()
    said = str(error.value)
    for part in (
        profile.model,
        "GB",
        profile.licence,
        f".venv/bin/hf download {profile.remake.split()[2]}",
        "--local-dir",
    ):
        assert part in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "said"), [("sd15", "needs Stable Diffusion 1.5 (about 2.1 GB"), ("sd51", "no profile 'sd51'")]
)
def test_the_build_says_it(tmp_path, name, said):
    environment = {"PATH": "/usr/bin:/bin", "DENOISED_PROFILE": name, "DENOISED_MODELS": str(tmp_path)}
    command = [sys.executable, str(ROOT / "scripts" / "build.py"), "figures", "models/sheet"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


# ------------------------------------------------ figures
@pytest.mark.parametrize("name", ["sd15", "sdxl", "flux"])
@pytest.mark.parametrize("figure_id", FIGURES)
def test_three_figures_on_each_class_of_pipeline(known, tmp_path, name, figure_id):
    path = foreign.render(figure_id, name, tmp_path, "key", smoke=True)
    assert path == tmp_path / name / f"{figure_id}.json"
    assert verify(path) is None
    manifest = json.loads(path.read_text())
    assert manifest["profile"] == name
    assert manifest["numbers"]
    assert all(key.startswith(f"{name}/") for key in manifest["weights"])


@pytest.mark.parametrize(
    ("figure_id", "name", "why"),
    [
        ("data/edges", "sd15", "looks at no model"),
        ("vae/swap", "sdxl", "decoders/"),
        ("models/curves", "sd15", "which was trained here|does not say"),
        ("canvas/updates", "flux", "U-Net|schedule|DDPM"),
        ("canvas/steps", "flux", "DDPM"),
    ],
)
def test_a_figure_that_cannot_run_says_why_in_its_manifest(known, tmp_path, figure_id, name, why):
    manifest = json.loads(foreign.render(figure_id, name, tmp_path, "key", smoke=True).read_text())
    assert any(part in manifest["skipped"] for part in why.split("|")), manifest["skipped"]
    assert manifest["files"] == {}
    assert manifest["code_hash"] == "key"


def test_an_author_can_say_so_beforehand(tmp_path):
    path = tmp_path / "a.py"
    path.write_text('TINY_ONLY = "Its threshold is for small pictures."\n')
    source = SimpleNamespace(path=path, weights=("emoji-sd",))
    assert foreign.beforehand(source, profiles.sd15) == "Its threshold is for small pictures."
    path.write_text("A = 1\n")
    assert foreign.beforehand(source, profiles.sd15) is None


def test_a_failure_is_a_failure(known, tmp_path, models):
    """What has nothing to do with the model is no excuse."""
    assert foreign.unsupported(DenoisedError("broken")) is None
    assert foreign.unsupported(FileNotFoundError(2, "gone", "config.json")) is None


def test_the_build_makes_and_keeps_them(known, tmp_path, monkeypatch, models):
    """Through the target and the render process, as `make figures PROFILE=sd15` does."""
    monkeypatch.setattr(targets, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(recipes, "WORK", tmp_path / "work")
    monkeypatch.setattr(pool, "LOGS", tmp_path / "logs")
    monkeypatch.setenv("DENOISED_MODELS", str(models))
    worker = pool.Worker("sd15", threads=1)
    try:
        for figure_id in ("vae/channels", "vae/swap"):
            figure = targets.Figure(figure_id, "sd15")
            assert not figure.whole()
            recipes.make_figure(figure, worker)
            assert figure.whole()
    finally:
        worker.stop()
    assert (tmp_path / "figures" / "sd15" / "vae" / "channels.light.wide.webp").is_file()
    assert "skipped" in json.loads((tmp_path / "figures" / "sd15" / "vae" / "swap.json").read_text())
    assert targets.Figure("vae/channels", "sd15").key() != targets.Figure("vae/channels", "tiny").key()


# ------------------------------------------------ the site
def test_the_site_lists_figures_by_profile(tmp_path):
    project = Project(tmp_path, {"models.md": "# Models\n\n{{ profiles() }}\n"})
    assert "No figure of this build was made with another model" in built(project)
    write_figure(project.docs, "vae/swap", profile="sd15")
    write_figure(project.docs, "vae/other", profile="sd15", files={}, skipped="It needs <our> decoders.")
    html = built(project)
    assert "<code>sd15</code>: 1 of 2 figures" in html
    assert "<code>vae/other</code>: It needs &lt;our&gt; decoders." in html


def test_a_reader_can_unfold_the_same_figure_from_another_model(tmp_path):
    project = Project(tmp_path, {"models.md": '# Models\n\n{{ figure("vae/swap") }}\n\n{{ figure("vae/alone") }}\n'})
    write_figure(project.docs, "vae/alone")
    write_figure(project.docs, "vae/alone", profile="sdxl", files={}, skipped="It needs our decoders.")
    write_figure(project.docs, "vae/swap", profile="sd15", caption="At **9.9** dB.", alt="Another swap")
    first, alone = re.findall("<figure .*?</figure>", built(project), re.S)
    caption, other = first.split("</figcaption>")
    assert "made with the small model of this site" in caption
    assert re.search(r"<details class=.dn-figure__other.><summary>The same with Stable Diffusion 1.5</summary>", other)
    assert 'src="../assets/figures/sd15/vae/swap.light.wide.svg" alt="Another swap"' in other
    assert ">9.9</span>" in other
    assert "sd15" not in caption
    assert "<details" not in alone
    assert "made with" not in alone


def test_a_page_that_shows_a_skipped_figure_is_told(tmp_path):
    project = Project(tmp_path, {"a.md": '# A\n\n{{ figure("vae/other") }}\n'})
    write_figure(project.docs, "vae/other", files={}, skipped="It needs our decoders.")
    status, _, errors = project.build("--strict")
    assert status == 1
    assert errors == ["docs/a.md:3: figure 'vae/other' does not exist on profile tiny: It needs our decoders."]


def built(project):
    status, log, _ = project.build("--strict")
    assert status == 0, log
    return project.html("models")
