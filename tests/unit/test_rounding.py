"""Weights as a byte each (denoised/rounding.py): what is lost, what is left alone, and what is said of a damaged file."""

import pytest
import torch
from diffusers import PixArtTransformer2DModel
from safetensors.torch import load_file, save_file

from denoised import rounding
from denoised.errors import DenoisedError
from denoised.models import small


@pytest.fixture
def net():
    torch.manual_seed(0)
    net = small.build(width=48, depth=2, heads=2)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net.eval()


@pytest.fixture
def kept(net, tmp_path):
    rounding.save(net, tmp_path / "net")
    return tmp_path / "net"


def test_what_comes_back_is_within_half_a_step(net, kept):
    again, stored = rounding.load(PixArtTransformer2DModel, kept, "small-student"), load_file(kept / rounding.FILE)
    rounded = 0
    for name, value in net.state_dict().items():
        back = again.state_dict()[name]
        if name + rounding.SCALE in stored:
            rounded += value.numel()
            assert (back - value).abs().max() <= 0.501 * stored[name + rounding.SCALE].max()
            assert stored[name + rounding.WHOLE].dtype == torch.int8
        else:
            torch.testing.assert_close(back, value.half().float())
    assert rounded > 0.9 * sum(value.numel() for value in net.state_dict().values())
    assert (kept / rounding.FILE).stat().st_mode & 0o777 == 0o644
    assert not any(parameter.requires_grad for parameter in again.parameters())


def test_tables_that_are_no_layer_s_weight_are_not_rounded(net):
    table = torch.randn(64, 64)
    packed = rounding.pack({"scale_shift_table": table, "layer.weight": table, "norm.weight": table[0]})
    assert set(packed) == {"scale_shift_table", "layer.weight.whole", "layer.weight.scale", "norm.weight"}
    torch.testing.assert_close(rounding.unpack(packed)["scale_shift_table"], table.half().float())


def test_to_round_again_changes_nothing(kept):
    """So that what a browser gets of it, rounded as other graphs are, is what is kept."""
    net = rounding.load(PixArtTransformer2DModel, kept, "small-student")
    for name, value in rounding.pack(net.state_dict()).items():
        if name.endswith(rounding.WHOLE):
            assert torch.equal(value, load_file(kept / rounding.FILE)[name])


def missing(folder):
    (folder / rounding.FILE).unlink()


def cut(folder):
    file = folder / rounding.FILE
    file.write_bytes(file.read_bytes()[:1000])


def without_a_scale(folder):
    found = load_file(folder / rounding.FILE)
    found.pop(next(name for name in found if name.endswith(rounding.SCALE)))
    save_file(found, folder / rounding.FILE)


def without_a_layer(folder):
    found = load_file(folder / rounding.FILE)
    found.pop("proj_out.bias")
    save_file(found, folder / rounding.FILE)


def another_shape(folder):
    config = (folder / "config.json").read_text().replace('"num_layers": 2', '"num_layers": 3')
    (folder / "config.json").write_text(config)


def no_config(folder):
    (folder / "config.json").write_text("{")


@pytest.mark.parametrize("harm", [missing, cut, without_a_scale, without_a_layer, another_shape, no_config])
def test_damage_is_one_sentence(kept, harm):
    harm(kept)
    with pytest.raises(DenoisedError, match="no whole transformer.*restore it from git, or train.*small-student") as told:
        rounding.load(PixArtTransformer2DModel, kept, "small-student")
    assert "\n" not in str(told.value)
