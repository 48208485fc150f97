"""The attention that is shown is the attention that the network computes; what is silenced is silent, and no more."""

import pytest
import torch
from diffusers import UNet2DConditionModel

from denoised.models.unet import build
from denoised.probes.attention import Attention, attend, is_word, word_tokens


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def unet():
    torch.manual_seed(0)
    made = build(channels=(16, 32, 48), heads=(1, 2, 4), text_width=24).eval().requires_grad_(False)
    for name, weight in made.named_parameters():
        if name.endswith((".conv2.weight", ".proj_out.weight", "conv_out.weight")):  # zero at the start of training
            weight.copy_(0.1 * torch.randn(weight.shape, generator=generator(len(name))))
    return made


X, TEXT = torch.randn(2, 4, 16, 16, generator=generator(1)), torch.randn(2, 7, 24, generator=generator(2))


def call(unet):
    return unet(X, 500, encoder_hidden_states=TEXT, return_dict=False)[0]


def test_attend_is_the_formula_written_out():
    q, k, v = (torch.randn(2, 3, n, 5, generator=generator(n)) for n in (4, 6, 6))
    mixed, weights = attend(q, k, v)
    for n in range(2):
        for head in range(3):
            for cell in range(4):
                e = [float(torch.dot(q[n, head, cell], k[n, head, token]) / 5**0.5) for token in range(6)]
                e = torch.tensor(e).exp()
                torch.testing.assert_close(weights[n, head, cell], e / e.sum(), atol=1e-6, rtol=1e-5)
                by_hand = sum(w * v[n, head, token] for token, w in enumerate(e / e.sum()))
                torch.testing.assert_close(mixed[n, head, cell], by_hand, atol=1e-5, rtol=1e-5)


def test_watching_changes_nothing_and_ends(unet):
    before, processors = call(unet), dict(unet.attn_processors)
    for kind in ("attn1", "attn2"):
        with Attention(unet, kind=kind):
            torch.testing.assert_close(call(unet), before, atol=1e-5, rtol=1e-4)
    assert unet.attn_processors == processors


def test_kept_weights_are_those_of_each_layer(unet):
    """Against diffusers' own get_attention_scores, which its fused default never calls."""
    seen = {}
    layers = {name: module for name, module in unet.named_modules() if name.endswith(".attn2")}
    handles = [
        module.register_forward_pre_hook(
            lambda m, args, kwargs, name=name: seen.update({name: args[0].detach()}), with_kwargs=True
        )
        for name, module in layers.items()
    ]
    with Attention(unet) as watched:
        call(unet)
    for handle in handles:
        handle.remove()
    assert set(watched.weights) == set(layers)
    for name, layer in layers.items():
        q, k = layer.head_to_batch_dim(layer.to_q(seen[name])), layer.head_to_batch_dim(layer.to_k(TEXT))
        expected = layer.get_attention_scores(q, k).unflatten(0, (2, layer.heads)).mean(1)
        torch.testing.assert_close(watched.weights[name][0], expected, atol=1e-6, rtol=1e-4)
    assert watched.maps(8).shape == (2, 8, 8, 7)
    torch.testing.assert_close(watched.maps(4).sum(-1), torch.ones(2, 4, 4))
    with pytest.raises(ValueError, match="5 x 5"):
        watched.maps(5)


def test_a_silent_pair_does_not_meet_and_its_weight_goes_to_the_others(unet):
    silent = torch.zeros(2, 64, 7, dtype=torch.bool)
    silent[0, 10:20, 3] = True
    with Attention(unet) as free:
        answer = call(unet)
    with Attention(unet, silent={64: silent}) as damped:
        edited = call(unet)
    first = next(name for name, calls in free.weights.items() if calls[0].shape[1] == 64)
    a, b = free.weights[first][0], damped.weights[first][0]
    assert float(b[0, 10:20, 3].abs().max()) == 0 < float(a[0, 10:20, 3].min())
    torch.testing.assert_close(b.sum(-1), torch.ones(2, 64))
    torch.testing.assert_close(b[0, 20:], a[0, 20:])
    assert float((edited[0] - answer[0]).abs().max()) > 1e-4
    torch.testing.assert_close(edited[1], answer[1])  # its neighbour in the batch


def test_another_kind_of_layer_is_refused():
    other = UNet2DConditionModel(
        block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=8, cross_attention_dim=8,
        down_block_types=("AttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D"),
    )  # fmt: skip
    with pytest.raises(ValueError, match="another kind"), Attention(other, kind="attentions"):
        other(X, 1, encoder_hidden_states=torch.zeros(2, 3, 8))


def test_words_are_found_in_pieces():
    tokens = ["<|startoftext|>", "ca", "t</w>", "face</w>", ",</w>", "<|endoftext|>", "<|endoftext|>"]
    assert word_tokens(tokens, "cat") == [1, 2]
    assert word_tokens(tokens, "face") == [3]
    with pytest.raises(LookupError, match="dog"):
        word_tokens(tokens, "dog")
    assert [is_word(t) for t in tokens] == [False, True, True, True, True, False, False]
