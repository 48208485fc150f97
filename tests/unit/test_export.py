"""The ONNX graphs answer as the networks do: exactly stored to within float32, rounded as the rounding says."""

import copy

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from denoised import export, paths, rounding
from denoised.diffusion import guidance, samplers, schedules
from denoised.lab import Lab
from denoised.models import dit, small, tiny, tiny_vae
from denoised.pipeline import decode, encode_prompts, generate, generate_batch, load
from denoised.probes.attention import Attention

PAIRS = [
    ("red apple, noto style", "", 1, 3.0),
    ("tiger face, openmoji style", "red", 2, 6.5),
    ("a violin made of cheese, xyzzy", "", 3, 1.0),
    ("", "cat", 4, 0.0),
]
STEPS = 5


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pipe():
    return load(paths.WEIGHTS / "emoji-sd")


@pytest.fixture(scope="module")
def parts(pipe):
    return export.parts(pipe)


@pytest.fixture(scope="module")
def traced(parts):
    return {name: export.graph(part) for name, part in parts.items()}


@pytest.fixture(scope="module")
def decoders():
    return {"noto": Lab("tests/export", ("emoji-sd/vae", "decoders/noto")).vae("noto"),
            "tiny": tiny_vae.load(paths.WEIGHTS / "tiny-vae"),
            "plants": tiny.load(paths.WEIGHTS / "decoders" / "tiny-plants" / "decoder.safetensors")}  # fmt: skip


@pytest.fixture(scope="module")
def traced_others(pipe, decoders):
    """The encoder and other decoders, as the site ships them."""
    latent = torch.zeros(1, 4, 16, 16)
    others = {"encoder": export.encoder(pipe.vae, 128)} | {n: export.decoder(d, latent) for n, d in decoders.items()}
    return {name: export.stored(export.graph(part), "exact") for name, part in others.items()}


def runner(graph: bytes):
    """A graph as a function of named arrays that gives all outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda **inputs: session.run(None, inputs)


@pytest.fixture(scope="module", params=export.KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def graphs(traced, kind):
    """What the site ships of one kind: the decoder is exact in both."""
    return {
        name: runner(export.stored(graph, "exact" if name == "decoder" else kind)) for name, graph in traced.items()
    }


@pytest.fixture(scope="module")
def twin(pipe, kind):
    """The pipeline of torch that draws what the graphs of one kind should draw."""
    if kind == "exact":
        return pipe
    small = copy.copy(pipe)
    small.unet, small.text_encoder = (rounding.round_weights(copy.deepcopy(m)) for m in (pipe.unet, pipe.text_encoder))
    return small


THINGS = ("apple", "cat face", "violin", "rocket", "crying face", "pizza", "full moon", "hammer", "tree", "zebra")
STYLES = ("noto", "twemoji", "openmoji", "fluent", "firefox")
FEW = 4  # steps


def draw(graphs, pipe, prompt, negative, seed, strength, steps=STEPS):
    """A whole picture by the graphs, with the library's sampler around them: uint8 [H, W, 3]."""
    ids = encode_prompts(pipe, [prompt, negative]).input_ids.to(torch.int32)
    states = [torch.from_numpy(graphs["text"](ids=row[None].numpy())[0]) for row in ids]

    def unet(xt, t, context):
        rows = [
            graphs["unet"](xt=x[None].numpy(), t=np.array([t], np.float32), context=c[None].numpy())[0]
            for x, c in zip(xt, context, strict=True)
        ]
        return torch.from_numpy(np.concatenate(rows))

    alpha_bar = pipe.scheduler.alphas_cumprod.double()
    start = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
    model = guidance.guided(unet, strength, *states)
    end = samplers.ddim(model, start, schedules.trailing_timesteps(len(alpha_bar), steps), alpha_bar)
    picture = graphs["decoder"](latent=end.numpy())[0][0]
    return np.round(255 * picture.transpose(1, 2, 0)).astype(np.uint8)


@pytest.mark.parametrize("prompt, negative, seed, strength", PAIRS)
def test_the_graphs_draw_what_torch_draws(graphs, twin, prompt, negative, seed, strength):
    """At most 2 of 255 levels in any pixel, and there is a picture."""
    expected = generate(twin, prompt, negative_prompt=negative, seed=seed, steps=STEPS, guidance=strength).image
    drawn = draw(graphs, twin, prompt, negative, seed, strength)
    assert expected.std() > 5, "this compares nothing"
    assert np.abs(drawn.astype(int) - expected.astype(int)).max() <= 2


def test_fifty_prompts_and_seeds(pipe, traced):
    """The bar of the browser's model: exact graphs, fifty pairs, at most 2 of 255 levels in any pixel."""
    prompts = [f"{thing}, {style} style" for thing in THINGS for style in STYLES]
    graphs = {name: runner(export.stored(graph, "exact")) for name, graph in traced.items()}
    traces = generate_batch(pipe, prompts, range(len(prompts)), steps=FEW, guidance=3.0)
    apart = [
        int(np.abs(draw(graphs, pipe, prompt, "", seed, 3.0, FEW).astype(int) - trace.image.astype(int)).max())
        for seed, (prompt, trace) in enumerate(zip(prompts, traces, strict=True))
    ]
    assert len(apart) == 50
    assert max(apart) <= 2


def test_rounding_is_seen(pipe, traced):
    """The kinds differ: else the test above would pass with rounded weights that are not."""
    context = encode_prompts(pipe, ["cat face"]).states.numpy()
    xt = np.random.default_rng(0).standard_normal((1, 4, 16, 16), np.float32)
    answers = [
        runner(export.stored(traced["unet"], kind))(xt=xt, t=np.array([500.0], np.float32), context=context)[0]
        for kind in export.KINDS
    ]
    assert 1e-4 < np.abs(answers[0] - answers[1]).mean() < 0.1


def test_attention_comes_out_as_torch_sees_it(pipe, parts, traced):
    context = encode_prompts(pipe, ["blue heart, twemoji style"]).states
    xt = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(5))
    outputs = runner(export.stored(traced["unet"], "exact"))(
        xt=xt.numpy(), t=np.array([700.0], np.float32), context=context.numpy()
    )
    found = dict(zip(parts["unet"].outputs, outputs, strict=True))
    with torch.no_grad(), Attention(pipe.unet) as seen:
        pipe.unet(xt, torch.tensor([700.0]), encoder_hidden_states=context)
    assert set(found) == {"output", "attention_8", "attention_4"}
    for side in (8, 4):
        maps = found[f"attention_{side}"]
        assert maps.shape == (1, side, side, 32)
        assert np.allclose(maps.sum(-1), 1, atol=1e-5)
        assert np.allclose(maps, seen.maps(side).numpy(), atol=1e-5)


def test_the_encoder_answers_as_torch_does(pipe, traced_others):
    """Mean and spread in the U-Net's scale: a draw from them is a draw of the stock posterior."""
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(3))
    mean, spread = runner(traced_others["encoder"])(picture=picture.numpy())
    with torch.no_grad():
        posterior = pipe.vae.encode(picture * 2 - 1).latent_dist
    drawn = posterior.sample(torch.Generator().manual_seed(4)) * pipe.vae.config.scaling_factor
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(4))
    assert np.abs(mean + spread * noise.numpy() - drawn.numpy()).max() < 1e-4
    assert mean.std() > 0.1 and spread.min() > 0


@pytest.mark.parametrize("name", ["noto", "tiny", "plants"])
def test_other_decoders_paint_as_torch_does(decoders, traced_others, name):
    latent = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(6))
    (picture,) = runner(traced_others[name])(latent=latent.numpy())
    expected = (tiny.decode if name == "plants" else decode)(decoders[name], latent)[0]
    drawn = np.round(255 * picture[0].transpose(1, 2, 0)).astype(int)
    assert expected.std() > 5
    assert np.abs(drawn - expected).max() <= 1


def test_shipped_weights_are_stored_without_loss(traced):
    """Half precision is what they were saved in: the same numbers come back, in half the bytes."""
    for graph in traced.values():
        before = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load_from_string(graph).graph.initializer}
        small = export.stored(graph, "exact")
        after = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load_from_string(small).graph.initializer}
        halves = [name for name in after if name.endswith(".half")]
        assert halves and len(small) < 0.6 * len(graph)
        for name in halves:
            assert np.array_equal(after[name].astype(np.float32), before[name.removesuffix(".half")])


def test_sizes(traced):
    sizes = {kind: len(export.stored(traced["unet"], kind)) for kind in export.KINDS}
    assert sizes["compact"] < 0.55 * sizes["exact"]
    assert sizes["compact"] < 30_000_000


def test_the_same_graph_gives_the_same_bytes(parts):
    first, again = (export.stored(export.graph(parts["decoder"]), "exact") for _ in range(2))
    assert first == again


@pytest.mark.parametrize("axis", [0, 1])
def test_rounding_is_within_half_a_step(axis):
    weight = (
        np.random.default_rng(1).standard_normal((6, 5), np.float32) * np.logspace(-3, 2, 6, dtype=np.float32)[:, None]
    )
    weight[2] = 0
    whole, scale = rounding.rounded(weight, axis)
    assert whole.dtype == np.int8 and scale.shape == ((6, 1) if axis == 0 else (1, 5))
    assert (np.abs(whole * scale - weight) <= 0.5001 * scale).all()
    assert (np.abs(whole.astype(int)) <= rounding.STEPS).all()


def test_an_unknown_kind_is_refused(traced):
    with pytest.raises(ValueError, match="exact, compact"):
        export.stored(traced["decoder"], "tiny")


@pytest.mark.parametrize("family", [dit, small], ids=["large", "small"])
def test_a_transformer_in_the_unets_place(pipe, family):
    """One of our size with other numbers in it: with those that are built, it says nothing."""
    net, generator = family.build().eval().requires_grad_(False), torch.Generator().manual_seed(0)
    for parameter in net.parameters():
        parameter.copy_((parameter + 0.02 * torch.randn(parameter.shape, generator=generator)).half().float())
    other = copy.copy(pipe)
    other.unet, other.text_encoder = (
        dit.AsUNet(net, pipe.scheduler.alphas_cumprod, family.velocity),
        dit.WithEnd(pipe.text_encoder),
    )
    part = export.transformer(other)
    exact = runner(export.stored(export.graph(part), "exact"))
    xt, context = torch.randn(1, 4, 16, 16, generator=generator), encode_prompts(other, ["tiger face"]).states
    for t in (999.0, 500.0, 0.0):
        output, read = exact(xt=xt.numpy(), t=np.array([t], np.float32), context=context.numpy())
        expected = other.unet(xt, torch.tensor([t]), context).sample
        assert expected.abs().mean() > 0.1
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-4)
        side = 8 if family is dit else small.GRID
        assert read.shape == (1, side, side, 32)
        assert not read[..., dit.READS :].any(), "what it is not given it does not read"
        np.testing.assert_allclose(read.sum(-1), 1, rtol=1e-4)
    assert pipe.unet is not other.unet, "the pipeline that it was copied from keeps its U-Net"
