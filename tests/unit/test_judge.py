"""The judge's arithmetic against scipy and by hand, and its net on pictures of every size and order."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.spatial.distance import cdist, pdist

from denoised.errors import DenoisedError
from denoised.models.judge import HEADS, JudgeNet, load, save_config, to_input
from denoised.probes import judge

CLASSES = {
    "concept": ["apple", "cat", "dog", "heart", "moon", "sun"],
    "style": ["noto", "twemoji"],
    "colour": ["blue", "red"],
    "group": ["animals", "food", "signs"],
}


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return JudgeNet(CLASSES, channels=(16, 16, 24), blocks=(1, 1, 1)).eval()


def features(n, seed, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(n, 12)) + shift).astype(np.float32)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (7, 10), (10, 10), (431, 1000)])
def test_interval_is_wilsons(hits, n):
    expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert judge.Share(hits, n).interval == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_kid_is_the_unbiased_mmd():
    a, b = features(30, 1), features(30, 2, shift=0.4)
    kernel = lambda x, y: (float(x @ y) / 12 + 1) ** 3  # noqa: E731
    xx = np.mean([kernel(a[i], a[j]) for i in range(30) for j in range(30) if i != j])
    yy = np.mean([kernel(b[i], b[j]) for i in range(30) for j in range(30) if i != j])
    xy = np.mean([kernel(x, y) for x in a for y in b])
    mean, spread = judge.kid(a, b, size=30, subsets=3)
    assert mean == pytest.approx(xx + yy - 2 * xy, rel=1e-4)
    assert spread == pytest.approx(0, abs=1e-6), "a subset of everything is everything"


def test_kid_knows_same_from_different():
    same, _ = judge.kid(features(400, 1), features(400, 2), size=100)
    other, _ = judge.kid(features(400, 1), features(400, 3, shift=0.5), size=100)
    assert abs(same) < 0.1 * other
    with pytest.raises(ValueError, match="at least two"):
        judge.kid(features(1, 1), features(5, 2))


def test_diversity_and_nearest_agree_with_scipy():
    a, b = features(20, 1), features(7, 2)
    assert judge.diversity(a) == pytest.approx(pdist(a.astype(float), "cosine").mean(), rel=1e-6)
    assert judge.diversity(np.repeat(a[:1], 3, 0)) == pytest.approx(0, abs=1e-9)
    distance, which = judge.nearest(a, b)
    table = cdist(a.astype(float), b.astype(float), "cosine")
    assert which.tolist() == table.argmin(1).tolist()
    assert distance == pytest.approx(table.min(1), abs=1e-5)
    with pytest.raises(ValueError, match="two pictures"):
        judge.diversity(a[:1])


def test_sizes_and_orders_are_one_to_the_net(net):
    small = torch.randint(0, 256, (3, 3, 64, 64), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    whole = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(to_input(small), to_input(whole))
    assert torch.equal(to_input(small), to_input(small.permute(0, 2, 3, 1).numpy()))
    assert set(net(to_input(small))) == set(HEADS)
    for wrong in (
        np.zeros((2, 64, 64), np.uint8),
        np.zeros((2, 60, 60, 3), np.uint8),
        np.zeros((2, 64, 128, 3), np.uint8),
    ):
        with pytest.raises(ValueError, match="Pictures are"):
            to_input(wrong)


def test_scores_count_names(net):
    pictures = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype(np.uint8)
    seen = judge.look(net, pictures, batch=3)
    assert seen["features"].shape == (4, 24)
    assert seen["concept"].shape == (4, 6)
    best = [row[0] for row in judge.names(net, seen)]
    fifth = [row[4] for row in judge.names(net, seen, k=5)]
    right = judge.score(net, seen, {"concept": best, "style": ["noto"] * 4})
    assert (right["top1"].hits, right["top5"].hits, right["style"].n) == (4, 4, 4)
    wrong = judge.score(net, seen, {"concept": fifth})
    assert (wrong["top1"].hits, wrong["top5"].hits) == (0, 4)
    with pytest.raises(ValueError, match="knows no concept 'unicorn'"):
        judge.score(net, seen, {"concept": ["unicorn"] * 4})
    with pytest.raises(ValueError, match="3 names for 4"):
        judge.score(net, seen, {"concept": best[:3]})


def test_a_saved_judge_is_the_same_judge(net, tmp_path):
    from denoised.training.store import save_tensors

    save_config(net, tmp_path)
    save_tensors(net, tmp_path / "model.safetensors")
    again = load(tmp_path)
    assert again.classes == CLASSES
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    for head in HEADS:
        assert torch.allclose(net(x)[head], again(x)[head], atol=2e-2)
    with pytest.raises(DenoisedError, match=r"train\.py nowhere"):
        load(tmp_path / "nowhere")


def test_the_cosine_head_is_torchs_cosine_and_survives_a_file(tmp_path):
    from denoised.training import store

    torch.manual_seed(1)
    net = JudgeNet(CLASSES, channels=(16, 16, 24), blocks=(1, 1, 1), cosine=True).eval()
    pictures = torch.rand(3, 3, 64, 64) * 2 - 1
    seen, head = net.features(pictures), net.heads["concept"]
    expected = torch.cosine_similarity(seen[:, None], head.weight[None], dim=-1) * head.log_scale.exp()
    torch.testing.assert_close(net(pictures)["concept"], expected)
    save_config(net, tmp_path)
    store.save_tensors(net, tmp_path / "model.safetensors")
    torch.testing.assert_close(load(tmp_path)(pictures)["concept"], expected, rtol=2e-2, atol=2e-2)  # fp16 on disk
