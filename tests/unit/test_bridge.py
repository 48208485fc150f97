"""A flow read as a diffusion: the same network draws the same, along either."""

import pytest
import torch

from denoised.diffusion import bridge, samplers, schedules
from denoised.training.denoiser import alpha_bar

LEVELS = alpha_bar()


def test_times_and_levels_are_each_others_inverse():
    tau = torch.linspace(0, 1, 11, dtype=torch.float64)
    torch.testing.assert_close(bridge.tau_of(bridge.alpha_bar_of(tau)), tau)
    assert bridge.tau_of(torch.tensor([1.0, 0.5, 0.0])).tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("t", [0, 400, 999])
def test_whoever_knows_the_line_knows_v(t):
    """A flow through one known picture: its direction is eps - x0, and v has to be that of the same two."""
    generator = torch.Generator().manual_seed(t)
    x0, eps = torch.randn((2, 3, 4, 8, 8), generator=generator).unbind()
    xt = schedules.mix(x0, eps, LEVELS[t])
    model = bridge.as_diffusion(lambda line, tau: (line - x0) / tau.reshape(-1, 1, 1, 1), LEVELS)
    torch.testing.assert_close(
        model(xt, torch.full((3,), t)), schedules.v_from_x0_eps(x0, eps, LEVELS[t]), rtol=1e-3, atol=1e-4
    )


def test_ddim_on_the_one_is_euler_on_the_other():
    weight = torch.randn((4, 4), generator=torch.Generator().manual_seed(0)) / 3

    def flow(xt, tau):  # some network or other
        return torch.einsum("ij,njhw->nihw", weight, xt).tanh() + torch.as_tensor(tau, dtype=xt.dtype).reshape(
            -1, 1, 1, 1
        )

    noise = torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    visited = torch.arange(1000, 0, -125) - 1
    by_ddim = samplers.ddim(bridge.as_diffusion(flow, LEVELS), noise, visited, LEVELS)
    by_euler = samplers.euler(flow, noise, bridge.tau_of(LEVELS[visited]).float())
    assert (by_euler - noise).abs().max() > 0.5
    torch.testing.assert_close(by_ddim, by_euler, rtol=1e-3, atol=1e-3)
