"""The open box's samplers against the schedulers of diffusers, step by step: the engine's own loop, with formulas in the
places of the networks, so that what each step makes of an answer is all that can differ."""

import numpy as np
import pytest
import torch

from denoised import paths

SAMPLERS = {
    "ddim": "DDIMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-a": "EulerAncestralDiscreteScheduler",
    "dpm-2m": "DPMSolverMultistepScheduler",
    "unipc": "UniPCMultistepScheduler",
}
ENGINE = """async ([of, runs]) => {
    const { Engine } = await import('/engine.js');
    class Tensor { constructor(type, data) { this.data = data; } }
    const engine = new Engine({ Tensor }, { latent: [4, 16, 16], pixels: 1, attention: [], schedule: of });
    engine.tokenizer = { encode: () => ({ ids: [0], tokens: [''] }) };
    engine.sessions = {
        text: { run: async () => ({ states: { data: [], dims: [1, 1, 0] } }) },
        unet: { run: async ({ xt, t }) => ({ output: { data: xt.data.map(x => Math.sin(1.3 * x + t.data[0] / 90)) } }) },
        base: { run: async () => ({ picture: { data: [0, 0, 0] } }) },
    };
    const found = [];
    for (const { settings, from, past } of runs) {
        const seen = [], steps = [], begun = from ? { from, xt: found.at(-1).seen[from] } : {};
        if (past) begun.past = found.at(-1).steps.slice(from - 2, from);
        await engine.run({ prompt: '', guidance: 1, decoder: 'base', ...settings }, (kind, what) => {
            if (what.xt) seen.push(what.xt);
            if (kind === 'step') steps.push(what);
        }, begun);
        found.push({ seen, steps });
    }
    return found.map(({ seen }) => seen.map(xt => Array.from(xt)));
}"""


@pytest.fixture(scope="module")
def schedule():
    """The schedule as the figure lab/graphs writes it down."""
    from diffusers import DDIMScheduler

    config = DDIMScheduler.from_pretrained(paths.WEIGHTS / "emoji-sd" / "scheduler").config
    return {
        "T": config.num_train_timesteps,
        "start": config.beta_start,
        "end": config.beta_end,
        "betas": config.beta_schedule,
        "zero_terminal": config.rescale_betas_zero_snr,
        "prediction": config.prediction_type,
    }


def by_diffusers(name, steps, seed):
    """Every latent of a run by the scheduler, at the variance that the network is given: [steps + 1, 1024]."""
    import diffusers

    stock = diffusers.DDIMScheduler.from_pretrained(paths.WEIGHTS / "emoji-sd" / "scheduler")
    scheduler = getattr(diffusers, name).from_config(stock.config)
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(seed)
    xt, seen = torch.randn(1, 4, 16, 16, generator=generator) * scheduler.init_noise_sigma, []
    again = {"generator": generator} if "Ancestral" in name else {}
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(xt, t)
        seen.append(scaled.ravel())
        xt = scheduler.step(torch.sin(1.3 * scaled + t / 90), t, xt, **again).prev_sample
    return torch.stack([*seen, xt.ravel()]).numpy()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_step_is_that_of_diffusers(modules_page, schedule, sampler):
    """From one step to fifty, the first from pure noise, the last to none."""
    asked = [{"settings": {"sampler": sampler, "steps": steps, "seed": 40 + steps}} for steps in (1, 2, 5, 20, 50)]
    found = modules_page.evaluate(ENGINE, [schedule, asked])
    for seen, steps in zip(found, (1, 2, 5, 20, 50), strict=True):
        expected = by_diffusers(SAMPLERS[sampler], steps, 40 + steps)
        # Diffusers takes the first step of three of them at 4096 times the size, in float32: that rounds to a thousandth.
        assert np.abs(np.array(seen) - expected).max() < 3e-3, f"{steps} steps"
        assert expected.std(axis=1).min() > 0.3, "this compares nothing"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_run_that_goes_on_is_the_same_run(modules_page, schedule, sampler):
    """From a step in its middle: the same fresh noise, and the same look back where it is handed the bet before."""
    settings = {"sampler": sampler, "steps": 10, "seed": 3}
    asked = [{"settings": settings}, {"settings": settings, "from": 4, "past": True}]
    whole, rest = modules_page.evaluate(ENGINE, [schedule, asked])
    assert np.array_equal(rest, whole[4:])


def test_samplers_differ_where_they_should(modules_page, schedule):
    """Euler is DDIM in other numbers, ancestral and multistep are not; and a run without its past is another one."""
    asked = [{"settings": {"sampler": sampler, "steps": 10, "seed": 3}} for sampler in SAMPLERS]
    without = {**asked[-1], "from": 4}  # goes on from the run before it in the list
    ddim, euler, ancestral, multistep, mended, rest = (
        np.array(seen) for seen in modules_page.evaluate(ENGINE, [schedule, [*asked, without]])
    )
    assert np.abs(euler[-1] - ddim[-1]).max() < 0.01
    assert np.abs(ancestral[-1] - ddim[-1]).mean() > 0.1 and np.abs(multistep[-1] - ddim[-1]).mean() > 0.01
    assert np.abs(mended[-1] - multistep[-1]).mean() > 1e-3
    assert np.abs(rest[-1] - mended[-1]).max() > 0.01
