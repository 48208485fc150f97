"""Both networks on both paths: what is taught, how it is drawn, how far apart drawings are, against other code."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler

from denoised.errors import DenoisedError
from denoised.studies import pairings as study
from denoised.training import pairings
from denoised.training.laboratory import Settings

QUICK = Settings(batch=16, lr=3e-3, warmup=0, ema=0.9)


class Echo(torch.nn.Module):
    """Answers with its input and the label, and remembers which times it was told."""

    def __init__(self):
        super().__init__()
        self.times = []

    def forward(self, xt, t, labels):
        self.times.append(float(t))
        return 0.3 * xt + 0.01 * labels[:, :1, None, None]


def noise(n, seed):
    return torch.stack(
        [torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(seed * 1_000_003 + i)) for i in range(n)]
    )


def answer(net, x, t, labels, s):
    told, untold = net(x, t, labels), net(x, t, labels * 0)
    return untold + s * (told - untold)


def test_a_flow_is_drawn_as_diffusers_draws_it():
    net, labels = Echo(), torch.tensor([[1, 2], [3, 1]])
    made = pairings.draw(net, "flow", labels, 5, 2.0, 8)
    assert net.times[0] == 1000 and net.times[-1] == 125
    stock = FlowMatchEulerDiscreteScheduler()
    stock.set_timesteps(sigmas=np.linspace(1, 1 / 8, 8))
    x = noise(2, 5)
    for t in stock.timesteps:
        x = stock.step(answer(net, x, t, labels, 2.0), t, x).prev_sample
    assert torch.allclose(made, x, atol=1e-5)


def test_a_diffusion_is_drawn_as_diffusers_draws_it():
    net, labels = Echo(), torch.tensor([[1, 2], [3, 1]])
    made = pairings.draw(net, "diffusion", labels, 5, 2.0, 8)
    from denoised.training.denoiser import alpha_bar

    stock = DDIMScheduler(prediction_type="v_prediction", clip_sample=False, timestep_spacing="trailing",
                          set_alpha_to_one=True, trained_betas=None)  # fmt: skip
    stock.alphas_cumprod = alpha_bar().float()
    stock.set_timesteps(8)
    x = noise(2, 5)
    for t in stock.timesteps:
        x = stock.step(answer(net, x, t, labels, 2.0), t, x).prev_sample
    assert torch.allclose(made, x, atol=1e-4)


@pytest.mark.parametrize("pair", study.PAIRS, ids="-".join)
def test_each_pairing_learns(pair):
    """A single latent is learned by heart: what is drawn comes near it, and marks are looked at on the way."""
    name, path = pair
    torch.manual_seed(0)
    net, seen = study.NETS[name]((1, 1)), []
    target = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    labels = torch.ones(1, 2, dtype=torch.long)

    def look(samples, net):
        made = pairings.draw(net, path, labels, 3, 1.0, 8)
        seen.append((samples, float((made - target).square().mean().sqrt())))

    pairings.train(net, path, target, labels, 0, QUICK, (32, 1280), look)
    assert [samples for samples, _ in seen] == [32, 1280]
    assert seen[1][1] < 0.5 and seen[1][1] < seen[0][1] / 2


def test_networks_are_of_one_size():
    from denoised.models.laboratory import parameters

    a, b = (parameters(make((study.SETTINGS.concepts, 8))) for make in study.NETS.values())
    assert abs(a - b) / a < 0.05


def test_an_unknown_path_is_told():
    with pytest.raises(DenoisedError, match="There is no path 'walk' .*; there are diffusion and flow"):
        pairings.train(None, "walk", None, None, 0, QUICK, (1,), None)


def test_distance_is_nothing_for_the_same_and_one_for_unrelated_drawings():
    z = torch.randn(12, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert study.apart(z, z, 3) == pytest.approx([0, 0, 0])
    other = torch.randn(12, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert study.apart(z, other, 3) == pytest.approx(np.ones(3), abs=0.1)
    # by hand, for one thing with two wishes: same pairs over crossed pairs
    a, b = torch.tensor([[0.0], [4.0]]), torch.tensor([[1.0], [7.0]])
    assert study.apart(a, b, 1) == pytest.approx([((1 + 3) / 2) / ((7 + 3) / 2)])
