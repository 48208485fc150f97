"""The study of streams: what is read, what counts, and the controls that count."""

import numpy as np
import pytest
import torch

from denoised.errors import DenoisedError
from denoised.studies import streams

S = streams.SETTINGS


def test_names_are_spelt_with_their_letters_and_end():
    names = streams.names()
    assert names.shape[1] == S.length + 1 and names.max() < streams.VOCABULARY
    letters = "abcdefghijklmnopqrstuvwxyz"
    spelt = {"".join(letters[t - 1] for t in row if 0 < t <= 26) for row in names}
    assert {"cactus", "pizza", "octopus"} <= spelt
    assert len(np.unique(names, axis=0)) > 0.99 * len(names), "a name held out would have been learnt"


def test_pictures_are_the_nearest_of_few_colours():
    pictures = streams.pictures()
    assert pictures.shape[1] == S.side**2 and pictures.min() >= 1 and pictures.max() <= S.colours
    assert np.bincount(pictures.ravel()).argmax() == S.colours, "white is the commonest"


def test_a_tune_tells_its_motif_again():
    for tune in streams.tunes()[:50]:
        steps = np.diff(tune)
        assert any(np.mean(np.abs(steps[k:] - steps[:-k]) <= 1) > 0.6 for k in (4, 5, 6)), (
            "after a motif's length the same steps come, up to a half tone"
        )


def test_nothing_is_lost_when_some_are_held_out():
    learnt, held = streams.divided("tunes")
    assert len(learnt) + len(held) == S.tunes and len(held) == round(S.held_out * S.tunes)
    assert np.array_equal(streams.divided("tunes")[1], held)


def test_what_follows_the_end_does_not_count():
    tokens = np.array([[1, 2, 0, 0, 0]])
    assert streams.wanted("names", tokens).tolist() == [[True, True, False, False]]
    assert streams.wanted("tunes", tokens).all()


def test_bits_of_one_who_knows_nothing_and_one_who_knows():
    tokens = np.array([[1, 2, 3, 4]])

    def nothing(some):
        return torch.zeros(*some.shape, streams.VOCABULARY)

    def next_one(some):
        return 100.0 * torch.nn.functional.one_hot(some + 1, streams.VOCABULARY)

    assert streams.bits(nothing, "tunes", tokens) == pytest.approx(np.log2(streams.VOCABULARY))
    assert streams.bits(next_one, "tunes", tokens) == pytest.approx(0, abs=1e-6)


def test_counting_by_hand():
    learnt = np.array([[1, 2, 1, 2, 1]] * 500)
    found = streams.baselines("tunes", learnt, np.array([[1, 2, 1]]))
    assert found["unigram"] == pytest.approx(1, abs=0.02) and found["bigram"] < 0.05


def test_committed_results_are_of_this_code(tmp_path):
    facts, _ = streams.load()
    assert {key.split("/")[0] for key in facts["bits"]} == set(S.streams)
    for stream in S.streams:
        assert set(streams.readers(stream)) == {k.split("/")[1] for k in facts["bits"] if k.startswith(stream)}
        again = streams.baselines(stream, *streams.divided(stream))
        assert again == pytest.approx(facts["baselines"][stream])
    with pytest.raises(DenoisedError, match="cannot be read"):
        streams.load(tmp_path / "streams.npz")
