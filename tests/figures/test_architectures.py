"""What the figures of the architectures compute, held against cases whose answer is known."""

import numpy as np
import pytest

from denoised.models import sequences
from denoised.studies import recall
from figures.arch import copying, memory, questions, shares, sizes, steps
from plotting.powers import powers


@pytest.mark.parametrize("name", ["169M", "14B"])
def test_sizes_are_those_of_the_papers_formula(name):
    layers, width = sizes.PUBLISHED[name]
    # Peng et al. 2023, section on parameters: 2 V D + 13 D^2 L + D (11 L + 4)
    paper = 2 * sizes.VOCABULARY * width + 13 * width**2 * layers + width * (11 * layers + 4)
    assert sizes.parameters(layers, width) == pytest.approx(paper, rel=1e-3)


def test_a_mamba_layer_counted_by_hand():
    conv, whole, channels, kernel = shares.mamba_layer(1)
    inner, rank = 2 * shares.WIDTH, shares.WIDTH // 16
    assert (channels, kernel, conv) == (inner, 4, inner * 4 + inner)
    mixed = 2 * shares.WIDTH * inner + inner * (rank + 2 * shares.STATE) + rank * inner + inner
    assert whole == conv + mixed + inner * shares.STATE + inner + inner * shares.WIDTH
    assert shares.mamba_layer(2)[2] == inner + 2 * shares.STATE


def test_bytes_in_words():
    assert [memory.spoken(x) for x in (480, 1680, 123456, 5.03e7, 8.1e8)] == ["480 bytes", "1.7 kB", "123 kB", "50.3 MB",
                                                                              "810 MB"]  # fmt: skip


def test_every_kind_has_a_colour_and_a_name():
    for colours in (memory.COLOURS, questions.COLOURS):
        assert set(sequences.KINDS) <= set(colours) and set(colours) <= set(sequences.NAMES)


def test_shares_of_two_seeds():
    facts = {"runs": {"gru": [{"one": [10, 20, 0.1]}, {"one": [15, 20, 0.3]}]}}
    found = questions.shares(facts, "gru", "one")
    assert (found["least"], found["acc"], found["best"]) == (0.5, 0.625, 0.75)
    assert found["confused"] == pytest.approx(0.2) and found["low"] < 0.625 < found["high"]


def test_fading_is_told_in_shares_of_the_last_input_and_averaged_by_factors():
    norms = np.array([[2.0, 1.0, 0.02], [8.0, 1.0, 0.08]])  # the second place: a half and an eighth, so a quarter
    assert copying.relative(norms) == pytest.approx([1, 0.25, 0.01])


def test_each_seed_of_each_network_has_its_line():
    facts, arrays = recall.load("copying")
    s = recall.SETTINGS
    assert set(facts["runs"]) == set(s.copying) <= set(copying.COLOURS) and copying.PAUSE in s.lengths
    for kind in s.copying:
        shares = copying.accuracy(facts, kind, s.lengths)
        assert shares.shape == (len(s.seeds), len(s.lengths)) and (shares >= 0).all() and (shares <= 1).all()
        for seed in s.seeds:
            assert arrays[f"fade_{kind}_{seed}"].shape == (recall.FADE_LENGTH,)
            steps = recall.patience("copying", kind)
            assert len(arrays[f"loss_{kind}_{seed}"]) == steps // 50 + 1


def test_writing_takes_a_call_a_token_and_only_the_prompt_goes_in_at_once():
    calls, written, seen = steps.calls("transformer")
    assert calls == written == steps.SPOKEN and seen == [steps.PROMPT] + [1] * (calls - 1)


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [(2.1e-16, 0, "2 × 10⁻¹⁶"), (9.96e-7, 0, "1 × 10⁻⁶"), (0.0, 0, "0 × 10⁰"), (-4.56e12, 1, "-4.6 × 10¹²")],
)
def test_powers_are_written_as_people_do(value, digits, said):
    assert powers(value, digits) == said
