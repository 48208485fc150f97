"""Sequence models and the other forms of their layers, held against the libraries' own."""

import networkx
import numpy as np
import pytest
import torch
from scipy.signal import fftconvolve

from denoised.errors import DenoisedError
from denoised.models import scan, sequences
from denoised.probes import by_hand, fading, forms, kept, keywords

TOKENS = torch.as_tensor(np.random.default_rng(0).integers(1, 48, (3, 14)))


@pytest.fixture(scope="module")
def readers():
    return {kind: sequences.build(kind, 48, 0).eval() for kind in (*sequences.KINDS, *sequences.VARIANTS)}


def test_all_have_fifty_thousand_parameters_within_five_per_cent(readers):
    for kind, reader in readers.items():
        assert abs(sequences.parameters(reader) / 50_000 - 1) < 0.05, kind


@pytest.mark.parametrize("kind", [*sequences.KINDS, *sequences.VARIANTS])
def test_nobody_sees_what_is_still_to_come(readers, kind):
    other = TOKENS.clone()
    other[:, 9:] = (other[:, 9:] + 5) % 48
    with torch.no_grad():
        said, changed = readers[kind](TOKENS), readers[kind](other)
    assert said.shape == (3, 14, 48)
    torch.testing.assert_close(said[:, :9], changed[:, :9], atol=1e-5, rtol=0)
    assert (said[:, 9:] - changed[:, 9:]).abs().max() > 1e-3


def test_seed_alone_decides_the_weights():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a, b, c = (sequences.build("gru", 48, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a.head.weight, b.head.weight) and not torch.equal(a.head.weight, c.head.weight)


def test_an_unknown_kind_is_one_sentence():
    with pytest.raises(DenoisedError, match="no sequence model 'abacus'"):
        sequences.build("abacus", 48, 0)


def test_our_scan_is_the_one_of_transformers_and_so_is_its_gradient():
    found = []
    for context in (torch.enable_grad, scan.quick_scan):
        model = sequences.build("mamba", 48, 3)
        with context():
            loss = model(TOKENS).square().mean()
            loss.backward()
        found.append([p.grad for p in model.parameters()])
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-3)
    assert any(grad.abs().max() > 1e-3 for grad in found[0])


def test_scan_gradient_is_that_of_finite_differences():
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.rand(5, 3, generator=generator, dtype=torch.double).requires_grad_(True) for _ in range(2))
    assert torch.autograd.gradcheck(scan.Scan.apply, (a, b))


def test_mamba_without_its_state_forgets_what_its_convolutions_do_not_see(readers):
    near, far = (fading.fading(readers[kind], 24, 48, 0) for kind in ("mamba_stateless", "mamba"))
    assert near[:7].min() > 0 and near[7:].max() == 0  # two layers, each sees three steps back
    assert far[7:].min() > 0


def test_gradient_of_convolutions_ends_where_their_view_ends(readers):
    found = fading.fading(readers["cnn_near"], 20, 48, 0)
    assert found[:7].min() > 0 and found[7:].max() == 0


def test_gru_by_hand_is_torchs():
    gru, x = torch.nn.GRU(6, 5, batch_first=True), torch.randn(2, 12, 6)
    torch.testing.assert_close(forms.gru_by_hand(gru, x), gru(x)[0])


def language(kind):
    """A small language model of transformers, its logits for all tokens at once."""
    import transformers as t

    config = sequences.stock(kind, 16).config
    config.vocab_size = 48
    torch.manual_seed(0)
    return {"rwkv": t.RwkvForCausalLM, "transformer": t.LlamaForCausalLM}[kind](config).eval()


@torch.no_grad()
def test_rwkv_has_three_forms_that_agree():
    model = language("rwkv")
    loop = model(TOKENS).logits
    with forms.parallel_rwkv():
        torch.testing.assert_close(model(TOKENS).logits, loop, atol=1e-5, rtol=0)
    torch.testing.assert_close(forms.rwkv_by_steps(model, TOKENS), loop, atol=1e-5, rtol=0)


@torch.no_grad()
def test_transformer_by_steps_says_the_same():
    model = language("transformer")
    torch.testing.assert_close(forms.transformer_by_steps(model, TOKENS), model(TOKENS).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("length", [1, 2, 7, 64, 100])
def test_in_pairs_or_one_after_the_other(length):
    a, b = torch.rand(length, 3), torch.randn(length, 3)
    torch.testing.assert_close(forms.tree_scan(a, b), scan.Scan.apply(a, b), atol=1e-5, rtol=1e-4)


def test_a_fixed_state_space_layer_is_one_convolution_and_a_selective_one_is_none():
    rng = np.random.default_rng(0)
    A, B, C, x = -np.arange(1.0, 5.0), np.ones((20, 4)), np.ones((20, 4)), rng.standard_normal(20)
    fixed = forms.mixing(A, np.full(20, 0.2), B, C)
    np.testing.assert_allclose(fixed @ x, fftconvolve(x, fixed[:, 0])[:20], atol=1e-12)
    assert forms.toeplitz_residual(fixed) < 1e-12
    assert forms.toeplitz_residual(forms.mixing(A, rng.random(20), B, C)) > 0.1


def test_the_table_is_the_recurrence():
    rng = np.random.default_rng(1)
    A, dt, B, C, x = -np.arange(1.0, 4.0), rng.random(9), rng.random((9, 3)), rng.random((9, 3)), rng.random(9)
    h, said = np.zeros(3), []
    for t in range(9):
        h = np.exp(A * dt[t]) * h + B[t] * dt[t] * x[t]
        said.append(C[t] @ h)
    np.testing.assert_allclose(forms.mixing(A, dt, B, C) @ x, said, atol=1e-12)


def test_bytes_kept_counted_by_hand():
    assert kept.bytes_kept("gru", 50) == 2 * 60 * 4
    assert kept.bytes_kept("lstm", 50) == 2 * kept.bytes_kept("rnn", 50, width=52)
    assert kept.bytes_kept("transformer", 100) == 2 * 2 * 100 * 48 * 4  # layers, keys and values
    assert kept.bytes_kept("cnn_near", 100) == 3 * 2 * 69 * 4
    assert kept.bytes_kept("rwkv", 5) == kept.bytes_kept("rwkv", 200) == 2 * 5 * 42 * 4
    assert kept.bytes_kept("mamba", 5) == kept.bytes_kept("mamba", 200)


def test_operations_counted_by_hand():
    length, width = 32, 48
    layer = 4 * 2 * length * width**2 + 3 * 2 * length * width * 2 * width + 2 * 2 * length**2 * width
    rotary = 2 * length * width // 4 // 2  # angles of half a head's width
    assert kept.operations(length) == pytest.approx(2 * layer, abs=2 * rotary)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_longest_chain_of_known_graphs():
    x = torch.ones(4, requires_grad=True)
    wide = sum(x[i] for i in range(4))
    assert kept.longest_chain(torch.sin(torch.cos(x * 2))) == 4  # with the leaf's own node
    assert kept.longest_chain(wide) < kept.longest_chain(x.sin().sin().sin().sin().sin().sin().sin())
    with pytest.raises(RuntimeError, match="in the thread failed"):
        kept.with_deep_stack(lambda: 1 / 0)


def test_four_tools_one_convolution_and_two_ways_to_teach():
    rng = np.random.default_rng(0)
    image, kernel = rng.random((9, 7)), rng.random((3, 3))
    made = by_hand.convolve_torch(torch.tensor(image), torch.tensor(kernel)).numpy()
    np.testing.assert_allclose(by_hand.convolve_numpy(image, kernel), made)
    np.testing.assert_allclose(by_hand.convolve_scipy(image, kernel), made)
    np.testing.assert_allclose(by_hand.convolve_loops(image.tolist(), kernel.tolist()), made)
    some = rng.random((8, 3)), rng.random((8, 2)), rng.random((3, 5)), rng.random((5, 2))
    taught = by_hand.teach_numpy(*some, 0.3, 30)
    np.testing.assert_allclose(taught, by_hand.teach_torch(*some, 0.3, 30), atol=1e-12)
    assert taught[-1] < taught[0] / 2


def test_messages_are_those_of_a_normalized_graph():
    graph = networkx.karate_club_graph()
    edges = networkx.to_numpy_array(graph, weight=None)
    features = np.random.default_rng(0).random((len(edges), 3))
    looped = networkx.from_numpy_array(edges + np.eye(len(edges)))
    # networkx counts a loop's degree once here, as Kipf and Welling do
    step = np.eye(len(edges)) - networkx.normalized_laplacian_matrix(looped).toarray()
    wanted = np.concatenate([features, step @ features, step @ step @ features], axis=1)
    np.testing.assert_allclose(keywords.messages(edges, features), wanted)


def test_mixed_up_neighbours_are_the_same_net():
    edges = networkx.to_numpy_array(networkx.karate_club_graph(), weight=None)
    mixed = keywords.shuffled(edges, 3)
    assert sorted(mixed.sum(0)) == sorted(edges.sum(0)) and not np.array_equal(mixed, edges)


def test_emoji_are_linked_by_words_that_are_in_neither_name():
    graph = keywords.load()
    assert np.array_equal(graph.edges, graph.edges.T) and graph.edges.diagonal().max() == 0
    cactus = graph.labels.index("cactus")
    assert graph.edges[cactus, graph.labels.index("camel")] == 1, "both are of the desert"
    assert graph.edges[cactus, graph.labels.index("pizza")] == 0


def test_a_reader_reads_what_stands_there():
    rng = np.random.default_rng(0)
    group = rng.integers(4, size=200)
    known = rng.random(200) < 0.3
    assert keywords.readable(np.eye(4)[group], group, known) == 1
    assert keywords.readable(rng.random((200, 4)), group, known) < 0.5
