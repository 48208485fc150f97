"""The laboratory of scenes: what is shown and what is kept back, who hides whom, what the onlooker learns, scores."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from denoised.data import scenes
from denoised.errors import DenoisedError
from denoised.models.laboratory import LabSpeaker
from denoised.probes import crowds, onlooker
from denoised.studies import scenes as study


def flat_icons():
    """Opaque squares, each style and thing of its own grey or red."""
    icons = np.full((len(scenes.STYLES), len(scenes.THINGS), 128, 128, 4), 255, np.uint8)
    icons[..., 0] = np.arange(len(scenes.THINGS))[None, :, None, None] * 20
    return icons


def test_pairs_are_split_without_overlap_and_every_thing_is_learned_in_both_places():
    split = scenes.split()
    pairs = [pair for group in split.values() for pair in group]
    n = len(scenes.THINGS)
    assert len(pairs) == len(set(pairs)) == n * (n - 1)
    assert {(b, a) for a, b in split["one way"]} == set(split["reversed"])
    assert all((b, a) in split["never"] for a, b in split["never"])
    learned = study.learned(split)
    assert {a for a, _ in learned} == {b for _, b in learned} == set(range(n))


def test_scenes_show_the_pairs_that_they_may_and_each_as_often():
    pairs = scenes.split()["one way"]
    made = scenes.scenes(pairs, 60, 0)
    counts = {(s.kind, s.first, s.second): 0 for s in made}
    for s in made:
        counts[s.kind, s.first, s.second] += 1
    assert {(a, b) for _, a, b in counts} <= set(pairs)
    assert len(counts) == 2 * len(pairs) and set(counts.values()) == {2}
    assert made == scenes.scenes(pairs, 60, 0) != scenes.scenes(pairs, 60, 1)
    with pytest.raises(DenoisedError, match="no pair"):
        scenes.scenes([], 3, 0)


def test_the_first_is_above_or_hides_the_second():
    above = scenes.Scene(0, 3, 5, 0, ((8, 0), (24, 32)))
    front = scenes.Scene(1, 3, 5, 0, ((0, 10), (20, 10)))
    behind = scenes.Scene(1, 5, 3, 0, ((20, 10), (0, 10)))
    stacked, one, other = scenes.compose([above, front, behind], flat_icons())[..., 0].astype(int)
    assert stacked[4, 12] == 60 and stacked[60, 30] == 100
    assert one[30, 30] == 60 and other[30, 30] == 100, "where they overlap"
    assert one[30, 5] == other[30, 5] == 60 and one[30, 60] == other[30, 60] == 100


@pytest.mark.parametrize("kind", [0, 1])
def test_places_stay_on_the_sheet(kind):
    rng = np.random.default_rng(0)
    for _ in range(50):
        for corner in scenes.place(kind, rng):
            assert all(0 <= v <= scenes.SIDE - scenes.SIZES[kind] for v in corner)


def test_a_scene_has_two_sentences_and_a_number_of_its_own():
    said = {scenes.words(row) for row in scenes.captions(1, 0, 1)}
    assert said == {"cat face in front of horse", "horse behind cat face"}
    n = len(scenes.THINGS)
    numbers = [scenes.label(k, a, b) for k in (0, 1) for a in range(n) for b in range(n)]
    assert sorted(numbers) == list(range(1, scenes.labels() + 1))
    assert study.told("nothing", 0, 1, 2).tolist() == [[0]]


def test_wrong_captions_are_as_many_as_said_and_from_other_scenes():
    whose = study.mislead(200, 0.25, 3)
    assert (whose != np.arange(200)).sum() == 50 and sorted(whose) == list(range(200))
    assert (study.mislead(200, 0, 3) == np.arange(200)).all()


def test_truth_says_which_thing_is_at_which_place_and_who_is_in_front():
    some = [scenes.Scene(0, 3, 5, 0, ((8, 0), (24, 32))), scenes.Scene(1, 3, 5, 0, ((0, 2), (20, 2))),
            scenes.Scene(1, 3, 5, 0, ((20, 2), (0, 2)))]  # fmt: skip
    assert onlooker.truth(some).tolist() == [[1, 4, 6], [2, 4, 6], [3, 6, 4]]


def test_the_onlooker_learns_what_it_is_told_and_reads_it_back_in_the_order_of_the_prompt():
    """Latents in which each answer lights up a cell of its own; blends of two of them are nothing."""
    rng = np.random.default_rng(0)
    some = scenes.scenes(scenes.split()["both"][:3], 256, 0)
    said = onlooker.truth(some)
    latents = torch.zeros(256, 4, 8, 8)
    for i, row in enumerate(said):
        for place, answer in enumerate(row):
            latents[i, place, answer // 8, answer % 8] = 3
    latents += torch.from_numpy(rng.normal(0, 0.05, latents.shape)).float()
    short = onlooker.Training(steps=70, batch=64, blends=8, width=16, lr=5e-3)
    net = onlooker.train(latents, said, 0, short)
    right = np.array([(s.kind, s.first, s.second) for s in some])
    assert (onlooker.read(net, latents) == right).all(1).mean() > 0.95
    assert onlooker.features(net, latents[:3]).shape == (3, 192)


def test_order_of_words_counts_for_the_speaker_and_a_missing_word_too():
    torch.manual_seed(0)
    net = LabSpeaker((16, 16, 16)).eval()
    for layer in (net.leave, *(block.told for block in net.blocks)):  # silent at birth
        torch.nn.init.normal_(layer.weight, std=0.1)
    x, t = torch.randn(3, 4, 8, 8), torch.tensor(500)
    x[1:] = x[0]
    with torch.no_grad():
        a, b, c = net(x, t, torch.tensor([[1, 13, 2], [2, 13, 1], [1, 13, 0]]))
    assert a.shape == (4, 8, 8)
    assert min((a - b).abs().max(), (a - c).abs().max()) > 1e-3


def test_distances_of_crowds_agree_with_scipy_and_with_their_definitions():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(400, 5)), rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)) + 1
    one, two = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    by_scipy = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert crowds.frechet(a, b) == pytest.approx(by_scipy, rel=1e-6)
    assert crowds.frechet(a, a + 2) == pytest.approx(5 * 4, rel=1e-6)
    assert crowds.apart(np.array([[0.0, 0], [3, 4]])) == pytest.approx(5)
    assert crowds.coverage(a, a, k=1).mean() == 1 and crowds.coverage(a + 100, a, k=1).mean() == 0


def test_shares_come_with_an_interval_over_seeds_and_pairs():
    clusters = np.repeat(np.arange(20), 5)
    hits = np.zeros((3, 100))
    hits[:, clusters < 10] = 1
    share, low, high = study.share_ci(hits, np.ones_like(hits), clusters, 400)
    assert share == 0.5 and 0.2 < low < 0.4 and 0.6 < high < 0.8
    tries = (clusters < 15)[None].repeat(3, 0)
    assert study.share_ci(hits, tries, clusters, 50)[0] == pytest.approx(2 / 3)


def test_right_and_mixed_up():
    asked = np.array([[0, 1, 2], [1, 3, 4]])
    said = np.array([[[0, 1, 2], [1, 4, 3]], [[0, 2, 1], [-1, -1, -1]]])
    assert study.right(said, asked).tolist() == [[True, False], [False, False]]
    assert study.mixed_up(said, asked).tolist() == [[False, True], [True, False]]
