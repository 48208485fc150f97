"""Running the shipped pipeline by hand, against the pipeline's own loop; and reading its middle."""

import pytest
import torch

from denoised import paths, pipeline
from denoised.diffusion.objectives import add_noise
from denoised.diffusion.schedules import x0_from_v
from denoised.probes import steering

PROMPTS = ["red apple, noto style", "cat face, noto style"]


@pytest.fixture(scope="module")
def pipe():
    return pipeline.load(paths.WEIGHTS / "emoji-sd")


def test_a_prompts_own_states_and_a_seeds_own_noise_are_the_pipeline(pipe):
    states = pipeline.encode_prompts(pipe, PROMPTS).states
    made = steering.run(pipe, states, steering.start_noise(pipe, [4, 9]), steps=2, guidance=3.0)
    for z, prompt, seed in zip(made, PROMPTS, (4, 9), strict=True):
        torch.testing.assert_close(z, pipeline.generate(pipe, prompt, seed=seed, steps=2).xt[-1], atol=1e-3, rtol=1e-3)
    with pytest.raises(ValueError, match="as many texts"):
        steering.run(pipe, states, steering.start_noise(pipe, [4]))


def test_sentence_vectors_are_what_the_text_encoder_pools(pipe):
    ids = pipeline.encode_prompts(pipe, PROMPTS).input_ids
    with torch.no_grad():
        pooled = pipe.text_encoder(ids).pooler_output
    torch.testing.assert_close(steering.sentence_vectors(pipe, PROMPTS), pooled, atol=1e-4, rtol=1e-4)


def test_the_middle_is_the_middle_blocks_mean_and_the_hook_is_gone(pipe):
    z = steering.start_noise(pipe, [1, 2, 3]) * 0.5
    found = steering.middle(pipe, z, torch.Generator().manual_seed(0), t=200, batch=2)
    eps = torch.randn(z[:1].shape, generator=torch.Generator().manual_seed(0)).expand_as(z)
    xt = add_noise(z, eps, torch.full((3,), 200), pipe.scheduler.alphas_cumprod.double())
    seen = []
    hook = pipe.unet.mid_block.register_forward_hook(lambda m, a, out: seen.append(out))
    empty = pipeline.encode_prompts(pipe, [""]).states.expand(3, -1, -1)
    with torch.no_grad():
        pipe.unet(xt, 200, encoder_hidden_states=empty)  # and it runs to its end: nothing is left that stops it
    hook.remove()
    torch.testing.assert_close(found, seen[0].mean((2, 3)), atol=1e-3, rtol=1e-3)


def test_residual_is_the_error_of_the_clean_guess(pipe):
    z, t = steering.start_noise(pipe, [5, 6]) * 0.7, 300
    found = steering.residual(pipe, z, torch.Generator().manual_seed(3), t, PROMPTS)
    level = pipe.scheduler.alphas_cumprod.double()[t]
    for k, prompt in enumerate(PROMPTS):
        eps = torch.randn(z[:1].shape, generator=torch.Generator().manual_seed(3))
        xt = (level.sqrt() * z[k : k + 1] + (1 - level).sqrt() * eps).float()
        states = pipeline.encode_prompts(pipe, [prompt]).states
        with torch.no_grad():
            answer = pipe.unet(xt, t, encoder_hidden_states=states).sample
        guess = x0_from_v(xt, answer, level)  # the shipped model predicts v
        assert float(found[k]) == pytest.approx(float(((guess - z[k]) ** 2).mean()), rel=1e-3)
