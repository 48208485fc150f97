"""Low-rank adapters: attached, saved, merged, put behind a graph's bytes; all of these are one and the same network."""

import copy

import numpy as np
import onnxruntime
import pytest
import torch
from diffusers import UNet2DConditionModel

from denoised import export, paths, splice
from denoised.errors import DenoisedError
from denoised.models import adapter
from denoised.models import unet as unet_model
from denoised.training import store
from denoised.training.presets import PRESETS

RANK = 2


@pytest.fixture(scope="module")
def small() -> UNet2DConditionModel:
    """A U-Net of our layout with random weights, kept in half precision as shipped ones are."""
    torch.manual_seed(0)
    net = unet_model.build(channels=(16, 32, 48), heads=(1, 2, 2), text_width=32, sample_size=8).eval()
    for parameter in net.parameters():
        parameter.data = (parameter + 0.02 * torch.randn_like(parameter)).half().float()
    return net.requires_grad_(False)


@pytest.fixture(scope="module")
def adapted(small):
    """The same with an adapter attached that has learned something."""
    net = adapter.attach(copy.deepcopy(small), RANK)
    for name, value in net.named_parameters():
        if name.endswith(".B"):
            value.data = (0.2 * torch.randn_like(value)).half().float()
        elif name.endswith(".A"):
            value.data = value.half().float()
    return net


@pytest.fixture(scope="module")
def asked():
    torch.manual_seed(1)
    return {"xt": torch.randn(1, 4, 8, 8), "t": torch.tensor([500.0]), "context": torch.randn(1, 32, 32)}


def answer(net, asked):
    with torch.no_grad():
        return net(asked["xt"], asked["t"], asked["context"]).sample.numpy()


def test_a_fresh_adapter_changes_nothing_and_only_it_learns(small, asked):
    net = adapter.attach(copy.deepcopy(small), RANK)
    assert np.array_equal(answer(net, asked), answer(small, asked))
    learning = {name.rpartition(".")[2] for name, value in net.named_parameters() if value.requires_grad}
    assert learning == {"A", "B"}


def test_merged_is_attached(small, adapted, asked):
    """Every kind of layer (linear, 3x3, 1x1) by the formula, and the whole network by its answer."""
    factors = adapter.tensors(adapted)
    merged = adapter.merge(copy.deepcopy(small), factors)
    kinds = set()
    for name, A in factors.items():
        if ".lora_A." in name:
            B, layer = factors[name.replace("_A.", "_B.")], name.removeprefix("unet.").removesuffix(".lora_A.weight")
            weight = small.get_parameter(f"{layer}.weight")
            kinds.add(tuple(weight.shape[2:]))
            wanted = weight + torch.einsum("or...,r...->o...", B.flatten(1), A.flatten(1)).view_as(weight)
            torch.testing.assert_close(merged.get_parameter(f"{layer}.weight"), wanted, rtol=1e-5, atol=1e-6)
    assert kinds == {(), (3, 3)} or kinds == {(), (3, 3), (1, 1)}
    assert np.abs(answer(adapted, asked) - answer(small, asked)).max() > 0.05, "this compares nothing"
    np.testing.assert_allclose(answer(merged, asked), answer(adapted, asked), atol=2e-5)


def test_half_strength_is_half_the_way(small, adapted):
    name = "mid_block.attentions.0.proj_in.weight"
    whole, half = (adapter.merge(copy.deepcopy(small), adapter.tensors(adapted), s) for s in (1.0, 0.5))
    way = whole.get_parameter(name) - small.get_parameter(name)
    torch.testing.assert_close(half.get_parameter(name) - small.get_parameter(name), way / 2, rtol=1e-4, atol=1e-6)


def test_a_convolution_s_adapter_is_two_convolutions():
    """As diffusers applies it: first A as a convolution, then B as one of 1x1."""
    conv, x = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False), torch.randn(1, 64, 5, 5)
    net = adapter.attach(torch.nn.Sequential(conv), RANK)
    pair = net[0].parametrizations.weight[0]
    pair.B.data.normal_()
    factors = adapter.tensors(net)
    B = factors["unet.0.lora_B.weight"]
    assert B.shape == (64, RANK, 1, 1)
    plain = torch.nn.functional.conv2d(x, net[0].parametrizations.weight.original, padding=1)
    way = torch.nn.functional.conv2d(torch.nn.functional.conv2d(x, pair.A, padding=1), B)
    torch.testing.assert_close(net(x), plain + way, rtol=1e-4, atol=1e-4)


def test_what_is_saved_comes_back(adapted, small, asked, tmp_path):
    store.save_adapter(adapted, tmp_path / "student", PRESETS["student"], {"seconds": 1.0})
    factors, fresh = adapter.load(tmp_path / "student"), copy.deepcopy(small)
    assert store.read_card(tmp_path / "student")["sha256"].keys() == {adapter.FILE}
    np.testing.assert_allclose(answer(adapter.merge(fresh, factors), asked), answer(adapted, asked), atol=2e-5)


def test_missing_and_damaged_files_are_one_sentence(tmp_path):
    with pytest.raises(DenoisedError, match="no adapter in .*train.py student"):
        adapter.load(tmp_path / "student")
    (tmp_path / adapter.FILE).write_bytes(b"\x10\0\0\0\0\0\0\0{")
    with pytest.raises(DenoisedError, match="is damaged"):
        adapter.load(tmp_path)


@pytest.mark.parametrize("harm", ["stranger", "shape", "alone", "alone too", "rank", "nan"])
def test_what_does_not_fit_changes_nothing(small, adapted, harm):
    factors, net = {k: v.detach().clone() for k, v in adapter.tensors(adapted).items()}, copy.deepcopy(small)
    last = [name for name in factors if ".lora_A." in name][-1]
    if harm == "stranger":
        factors["unet.nowhere.lora_A.weight"] = factors["unet.nowhere.lora_B.weight"] = torch.ones(2, 2)
    elif harm == "shape":
        factors[last] = factors[last][:, :-1]
    elif harm == "alone":
        del factors[last.replace("_A.", "_B.")]
    elif harm == "alone too":
        del factors[last]
    elif harm == "rank":
        factors[last] = torch.cat([factors[last]] * 2)
    else:
        factors[last].fill_(float("nan"))
    with pytest.raises(DenoisedError, match="does not fit"):
        adapter.merge(net, factors)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), small.parameters(), strict=True))


@pytest.fixture(scope="module")
def part(small, asked):
    sides = export.attention_sides(small, asked["xt"], asked["context"])
    return export.Part(export._UNet(small, sides).eval(), asked, ("output", *(f"attention_{s}" for s in sides)))


def run(graph, asked):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session.run(["output"], {name: value.numpy() for name, value in asked.items()})[0]


@pytest.mark.parametrize("kind", export.KINDS)
def test_a_graph_with_the_adapter_behind_it_answers_as_the_merged_network(small, adapted, part, asked, kind):
    traced = export.graph(part)
    stored, factors = export.stored(traced, kind), {k: v.detach() for k, v in adapter.tensors(adapted).items()}
    file, at = splice.adapter(traced, stored, small, factors, kind)
    plain, wanted = answer(small, asked), answer(adapted, asked)
    found, before = run(splice.splice(stored, file, at), asked), run(stored, asked)
    error = np.abs(found - wanted).max()
    assert error < (1e-5 if kind == "exact" else 0.2 * np.abs(wanted - plain).max())
    assert np.abs(before - plain).max() < 0.2 * np.abs(wanted - plain).max(), "the graph itself is left as it was"
    assert len(at) == len(factors) // 2 and len(file) < len(stored)


def test_another_network_s_graph_is_refused(small, adapted, part):
    traced = export.graph(part)
    other = copy.deepcopy(small)
    other.get_parameter("mid_block.attentions.0.proj_in.weight").data += 1
    factors = {k: v.detach() for k, v in adapter.tensors(adapted).items()}
    with pytest.raises(DenoisedError, match="has no weight of mid_block"):
        splice.adapter(traced, export.stored(traced, "exact"), other, factors, "exact")


def test_the_stock_pipeline_loads_it_alike(asked):
    """diffusers' own loader, where peft is installed beside it; it is not among what this project needs."""
    pytest.importorskip("peft")
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(paths.WEIGHTS / "emoji-sd")
    merged = adapter.merge(copy.deepcopy(pipe.unet), adapter.load(paths.WEIGHTS / "student"))
    xt, context = torch.randn(1, 4, 16, 16), torch.randn(1, 32, 256)
    pipe.load_lora_weights(paths.WEIGHTS / "student")
    found, wanted = (answer(net, {"xt": xt, "t": asked["t"], "context": context}) for net in (pipe.unet, merged))
    np.testing.assert_allclose(found, wanted, atol=1e-4)
