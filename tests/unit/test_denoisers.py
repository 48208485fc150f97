"""Both denoisers before the judge: who draws how, and whether what is committed is whole."""

from types import SimpleNamespace

import numpy as np
import torch

from denoised.models import dit
from denoised.studies import denoisers
from denoised.training import transformer


def test_everybody_has_a_rival_that_draws_alike():
    """The transformer at the diffusion's times is compared with the U-Net, and with itself in strides of its own."""
    runners = denoisers.RUNNERS
    for name, runner in runners.items():
        assert name.startswith(runner.net) and str(runner.steps) in name
        if runner.net == "dit":
            rival = name.removesuffix("-even") if runner.even else name.replace("dit", "unet")
            assert (runners[rival].steps, runners[rival].guidance) == (runner.steps, runner.guidance)
    assert all(name in runners for name in denoisers.PAIR)


def test_even_strides_are_those_of_training_s_sheet():
    net = dit.build(width=24, depth=2, heads=2)
    with torch.no_grad():
        net.proj_out.weight.normal_(generator=torch.Generator().manual_seed(0))
        net.proj_out.bias.fill_(0.3)
    told, nothing = torch.randn(2, 33, 256), torch.zeros(2, 33, 256)
    found = denoisers.even_strides(net.eval(), told, nothing, [3, 4], 4, 2.0)
    noise = torch.cat([torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed)) for seed in (3, 4)])
    assert (found - noise).abs().mean() > 0.05
    torch.testing.assert_close(found, transformer.draw(net, noise, told, nothing, 2.0, 4))


def test_the_work_of_a_call_is_counted_once():
    """A U-Net's place filled with one layer of known work; what the text encoder does is not counted."""
    from denoised.probes.work import work

    class One(torch.nn.Module):
        config = SimpleNamespace(in_channels=4, sample_size=16)

        def forward(self, xt, t, encoder_hidden_states):
            return (xt.flatten(1) @ torch.ones(1024, 10),)

    pipe = SimpleNamespace(
        text_encoder=lambda ids: (torch.ones(1, 32, 8) @ torch.ones(8, 8),), unet=One(),
        tokenizer=SimpleNamespace(model_max_length=32),
    )  # fmt: skip
    assert work(pipe) == 1024 * 10 / 1e9


def test_what_is_committed_is_whole():
    facts, arrays = denoisers.load()
    n = len(facts["asked"])
    for name in denoisers.RUNNERS:
        assert all(len(arrays[f"{what}_{name}"]) == n for what in ("top1", "top5", "style"))
        assert not np.any(arrays[f"top1_{name}"] & ~arrays[f"top5_{name}"]), "the first is among five"
        assert np.isfinite(arrays[f"z_{name}"]).all()
    assert arrays["kept"].sum() > 50 and 0 < arrays["apart"].mean() < 2
