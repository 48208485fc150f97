"""Hooks see what flows, parts that are taken out are out, and the network is whole again afterwards."""

import pytest
import torch

from denoised.models.unet import build
from denoised.probes.features import Features, branches, count_skips, cut_skips, pooled_from, stages, without


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


def test_stages_are_where_the_maps_change_size(unet):
    names = [name for _, name in stages(unet)]
    with Features(unet, names) as seen:
        answer = call(unet)
    shapes = [tuple(seen.maps[name][0].shape[1:]) for name in names]
    assert shapes == [
        (16, 16, 16), (16, 16, 16), (32, 8, 8), (48, 4, 4), (48, 4, 4),
        (48, 4, 4), (32, 8, 8), (16, 16, 16), (4, 16, 16),
    ]  # fmt: skip
    torch.testing.assert_close(seen.maps["conv_out"][0], answer)
    torch.testing.assert_close(seen.maps["conv_in"][0], unet.conv_in(X))
    call(unet)
    assert len(seen.maps["conv_in"]) == 1  # the hooks are gone


def test_every_branch_is_found_once(unet):
    found = branches(unet)
    count = {kind: sum(k == kind for k, _, _ in found) for kind in {k for k, _, _ in found}}
    blocks = sum(name.endswith(".attn2") for name, _ in unet.named_modules())
    assert count == {"self-attention": blocks, "words": blocks, "feed-forward": blocks, "convolution": 11}
    assert {place for _, place, _ in found} == {
        "down 1", "down 2", "down 3", "middle", "up 1", "up 2", "up 3",
    }  # fmt: skip


def test_without_words_the_words_do_not_matter(unet):
    """With all cross-attention silent, only the pooled text is left of the prompt."""
    words = [name for kind, _, name in branches(unet) if kind == "words"]
    other = TEXT.flip(0)
    with without(unet, words):
        a = call(unet)
        with pooled_from(unet, TEXT):
            b = unet(X, 500, encoder_hidden_states=other, return_dict=False)[0]
        c = unet(X, 500, encoder_hidden_states=other, return_dict=False)[0]
    torch.testing.assert_close(a, b)
    assert float((a - c).abs().max()) > 1e-4
    assert float((call(unet) - a).abs().max()) > 1e-4  # whole again


def test_a_residual_block_without_its_branch_is_its_shortcut(unet):
    name = "up_blocks.2.resnets.1"
    block = unet.get_submodule(name)
    given = []
    handle = block.register_forward_pre_hook(lambda module, args: given.append(args[0]))
    with without(unet, [f"{name}.conv2"]), Features(unet, [name]) as seen:
        call(unet)
    handle.remove()
    torch.testing.assert_close(seen.maps[name][0], block.conv_shortcut(given[0]))


def test_skips_are_numbered_along_the_way_down(unet):
    """Cutting skip n is the same as zeros in the n-th tensor that the way down hands on."""
    assert count_skips(unet) == 6
    for number in (0, 3, 5):
        takers = {0: ("up_blocks.2.resnets.1", 16), 3: ("up_blocks.1.resnets.0", 32), 5: ("up_blocks.0.resnets.0", 48)}
        name, width = takers[number]
        given = []
        handle = unet.get_submodule(name).register_forward_pre_hook(lambda m, args, given=given: given.append(args[0]))
        call(unet)
        with cut_skips(unet, [number]):
            cut = call(unet)
        handle.remove()
        whole, missing = given
        assert float(whole[:, -width:].abs().max()) > 0 == float(missing[:, -width:].abs().max())
        assert float((cut - call(unet)).abs().max()) > 1e-4
    with pytest.raises(ValueError, match="0 to 5"), cut_skips(unet, [6]):
        pass
