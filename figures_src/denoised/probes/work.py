"""How much work a denoiser is."""

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def work(pipe) -> float:
    """Billions of multiplications that one call of a pipeline's denoiser takes."""
    # the processor's own attention has no formula in the counter; the plain one is two products of matrices
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        states = pipe.text_encoder(torch.ones(1, pipe.tokenizer.model_max_length, dtype=torch.long))[0]
        channels, side = pipe.unet.config.in_channels, pipe.unet.config.sample_size
        before = counter.get_total_flops()
        pipe.unet(torch.zeros(1, channels, side, side), torch.tensor([500]), encoder_hidden_states=states)
    return (counter.get_total_flops() - before) / 2e9
