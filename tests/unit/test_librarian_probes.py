"""The instruments behind the page on the librarian, each against an independent way of getting the same answer."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from denoised.data import splits
from denoised.errors import DenoisedError
from denoised.probes import archive, codecs, eavesdrop, ghosts, moments, ranks, restore, strangers, stylejudge
from denoised.probes.metrics import psnr
from denoised.studies import attractors, copies, gap, limbs, shelf, shelves


def rng(seed=0):
    return np.random.default_rng(seed)


def pictures(n=3, size=32, seed=0):
    return rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


# ------------------------------------------------ archive
def test_cells_come_back_where_they_were():
    images = pictures()
    rows = archive.cells(images)
    np.testing.assert_array_equal(rows[5].reshape(8, 8, 3), images[0, 8:16, 8:16])  # second row, second column
    np.testing.assert_array_equal(archive.uncells(rows, images.shape[:3]), images)


def test_windows_leave_out_all_blanks_but_one():
    image = np.full((1, 32, 32, 3), 255, np.uint8)
    image[0, 16:, 16:] = pictures(1, 16)[0]
    rows, origin = archive.windows(image, 8, 4)
    assert (np.ptp(rows, axis=1) <= 8).sum() == 1 and set(origin) == {0}
    assert any((row.reshape(8, 8, 3) == image[0, 20:28, 16:24]).all() for row in rows)


def test_nearest_is_the_nearest_whatever_the_batch():
    queries, rows = rng(1).normal(size=(7, 12)), rng(2).normal(size=(50, 12))
    index, error = archive.nearest(queries, rows, batch=9)
    every = ((queries[:, None] - rows[None]) ** 2).mean(-1)
    np.testing.assert_array_equal(index, every.argmin(1))
    np.testing.assert_allclose(error, every.min(1), rtol=1e-4)
    assert archive.nearest(rows[:3], rows)[1].max() == 0


# ------------------------------------------------ codecs and pictures
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("budget", [600, 4000])
def test_a_codec_stays_within_its_budget(kind, budget):
    image = strangers.lettering(["abc\ndef"], [font()], 64)[0]
    size, back = codecs.at_most(image, kind, budget)
    assert 0 < size <= budget and back.shape == image.shape and back.dtype == np.uint8


def test_more_bytes_are_never_worse_and_none_is_said():
    image = strangers.line_drawings(64)[1]
    few, many = (codecs.at_most(image, "JPEG", budget)[1] for budget in (700, 3000))
    assert psnr(many[None], image[None])[0] >= psnr(few[None], image[None])[0]
    with pytest.raises(ValueError, match="fits into 10 bytes"):
        codecs.at_most(image, "JPEG", 10)


def test_a_byte_a_value_keeps_to_256_levels():
    z = torch.linspace(-7, 7, 4001)
    rounded = codecs.byte_each(z)
    assert len(rounded.unique()) <= 256 and float(rounded.abs().max()) <= 6.0001
    assert float((rounded - z)[z.abs() < 5.9].abs().max()) <= 6 / 127.5 / 2 + 1e-5


def font():
    from pathlib import Path

    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def test_strangers_are_what_they_say():
    flat = np.full((1, 64, 64, 3), 200, np.uint8)
    assert np.ptp(strangers.chalk(flat)) < 25  # a board without an edge on it
    for level in (0, 128, 230):
        printed = strangers.halftone(np.full((1, 64, 64, 3), level, np.uint8))
        assert abs(printed.mean() - (31 + level / 255 * 224)) < 30  # about as dark as what it prints
    assert strangers.line_drawings(64).shape == (4, 64, 64, 3)
    a, b = (strangers.static(1, torch.Generator().manual_seed(s), 16) for s in (1, 1))
    np.testing.assert_array_equal(a, b)


# ------------------------------------------------ statistics
def test_auc_is_the_share_of_pairs():
    a, b = rng(3).integers(0, 6, 20), rng(4).integers(0, 6, 30)
    pairs = [1.0 if x > y else 0.5 if x == y else 0.0 for x in a for y in b]
    assert ranks.auc(a, b) == pytest.approx(np.mean(pairs))
    assert ranks.auc([2, 3], [0, 1]) == 1 and ranks.auc([1], [1]) == 0.5
    with pytest.raises(ValueError, match="at least one"):
        ranks.auc([], [1])


def test_moment_distance_is_the_diagonal_frechet_distance():
    linalg = pytest.importorskip("scipy.linalg")
    a, b = rng(5).normal(size=(40, 3)), 2 * rng(6).normal(size=(50, 3)) + 1
    cov_a, cov_b = np.diag(a.var(0)), np.diag(b.var(0))
    full = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * linalg.sqrtm(cov_a @ cov_b).real)
    assert moments.moment_distance(a, b) == pytest.approx(full / 3)
    assert moments.moment_distance(a, a) == 0


def test_mosaics_are_means():
    images = pictures()
    assert moments.colour_mosaics(images)[1, 3 * 5 + 2] == pytest.approx(images[1, 8:16, 8:16, 2].mean() / 255)
    with pytest.raises(ValueError, match="multiples of 4"):
        moments.colour_mosaics(images[:, :30])


# ------------------------------------------------ eavesdropping
def test_every_call_is_heard_with_its_tensors_and_none_afterwards():
    class Two(nn.Module):
        def forward(self, x, words=None):
            return x

    first, second = Two(), Two()
    with eavesdrop.calls({"a": first, "b": second}) as heard:
        x = torch.ones(2)
        first(x, words=[torch.zeros(1), {"more": torch.ones(3)}])
        second(x)
        x.zero_()
    second(x)
    assert [call.part for call in heard] == ["a", "b"]
    assert [len(call.tensors) for call in heard] == [3, 1]
    assert float(heard[0].tensors[0].sum()) == 2  # a copy, as it was then


def test_files_are_heard_in_this_thread_only_and_only_inside(tmp_path):
    import threading

    path = tmp_path / "book.txt"
    path.write_text("words")
    with eavesdrop.opened_files() as files:
        other = threading.Thread(target=path.read_text)
        other.start()
        other.join()
        assert not any("book" in name for name in files)
        path.read_text()
    path.read_text()
    assert sum("book" in name for name in files) == 1


# ------------------------------------------------ damage and repair
def test_a_swap_undone_is_nothing():
    x = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    there = restore.swap_blocks(x, (1, 2), (8, 9), 4)
    assert torch.equal(there[..., 1:5, 2:6], x[..., 8:12, 9:13]) and not torch.equal(there, x)
    assert torch.equal(restore.swap_blocks(there, (1, 2), (8, 9), 4), x)
    for a, b in (((0, 0), (2, 2)), ((0, 0), (14, 0))):
        with pytest.raises(ValueError, match="overlap or stick out"):
            restore.swap_blocks(x, a, b, 4)


def test_blur_is_the_convolution_that_scipy_knows():
    ndimage = pytest.importorskip("scipy.ndimage")
    x = torch.randn(1, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    expected = ndimage.gaussian_filter(x[0, 1].numpy(), 1.0, mode="nearest", radius=3)
    np.testing.assert_allclose(restore.blurred(x, 1.0)[0, 1].numpy(), expected, atol=1e-5)


def test_the_linear_restorer_finds_a_linear_inverse():
    clean = torch.randn(6, 3, 12, 12, generator=torch.Generator().manual_seed(2))
    mixing = torch.tensor([[1.0, 0.5, 0], [0, 1, 0.25], [0.5, 0, 1]])

    def spoil(x):
        return torch.einsum("dc,nchw->ndhw", mixing, x) + 0.3

    fixed = restore.fit_linear(spoil(clean), clean, reach=0, ridge=1e-9)
    other = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(fixed(spoil(other)), other, atol=1e-4, rtol=1e-4)


# ------------------------------------------------ ghosts
def comb(teeth):
    image = np.full((1, 128, 128, 3), 255, np.uint8)
    image[0, 70:110, 30:98] = 60
    for k in range(teeth):
        image[0, 36:72, 32 + 18 * k : 42 + 18 * k] = 60
    return image


@pytest.mark.parametrize("teeth", [0, 1, 3, 4])
def test_limbs_are_counted(teeth):
    assert ghosts.limbs(comb(teeth)).tolist() == [teeth]


def test_a_lattice_shows_in_the_spectrum_and_not_in_the_limbs():
    image = comb(3)
    haunted, grained = ghosts.haunted(image), ghosts.grained(image)
    where = ghosts.lattice(128)
    assert where.sum() == 63 and not where[0, 0] and where[16, 0] and not where[15, 0]
    assert ghosts.peaks(haunted) > 5 * ghosts.peaks(image)
    assert ghosts.peaks(grained) < 2 * max(ghosts.peaks(image), 1)  # as strong, and no lattice
    assert abs(grained.mean() - haunted.mean()) < 0.5
    healed = ghosts.without(haunted)
    assert ghosts.peaks(healed) < 0.2 * ghosts.peaks(haunted)
    assert ghosts.limbs(haunted) == ghosts.limbs(image) == ghosts.limbs(healed)


def test_lattices_of_two_seeds_differ():
    assert (ghosts.haunted(comb(0), seed=1) != ghosts.haunted(comb(0), seed=2)).any()


@pytest.mark.parametrize("teeth", [0, 1])
def test_another_limb_is_one_more(teeth):
    assert ghosts.limbs(ghosts.another_limb(comb(teeth))).tolist() == [teeth + 1]


def test_a_greyed_page_is_still_the_page_and_a_blank_one_has_no_limbs():
    grey = np.clip(comb(3).astype(int) - 25, 0, 255).astype(np.uint8)
    assert ghosts.limbs(grey).tolist() == [3]
    assert ghosts.limbs(np.full((1, 64, 64, 3), 255, np.uint8)).tolist() == [0]


# ------------------------------------------------ the judge of style
def test_the_judge_tells_outlines_from_none_and_its_line_has_unit_length():
    def drawings(outlined, seed):
        out = np.full((20, 64, 64, 3), 255, np.uint8)
        for k, image in enumerate(out):
            colour = rng(seed + k).integers(60, 220, 3)
            top, left = rng(seed - k).integers(4, 20, 2)
            image[top : top + 36, left : left + 36] = 0 if outlined else colour
            image[top + 3 : top + 33, left + 3 : left + 33] = colour
        return out

    plain, lined = drawings(False, 100), drawings(True, 200)
    judge = stylejudge.fit_judge(np.concatenate([plain, lined]), np.repeat([0, 1], 20))
    assert judge(plain).mean() == pytest.approx(0, abs=1e-6) and judge(lined).mean() == pytest.approx(1, abs=1e-6)
    assert (judge(drawings(True, 300)) > 0.5).mean() > 0.9 and (judge(drawings(False, 400)) < 0.5).mean() > 0.9


# ------------------------------------------------ the study of attractors
def test_the_committed_results_belong_to_this_code_and_say_what_they_are():
    facts, arrays = attractors.load()
    assert set(facts["runs"]) == {str(count) for count in attractors.SETTINGS.archives}
    assert all(len(runs) == len(attractors.SETTINGS.seeds) for runs in facts["runs"].values())
    assert arrays["held_out_orbit_4"].shape == (8, len(attractors.SETTINGS.shown), 32, 32, 3)
    with pytest.raises(DenoisedError, match="another version"):
        attractors.load(settings=attractors.Settings(cycles=7))


def test_an_orbit_is_repeated_application_and_the_likest_is_found():
    def half(x):
        return torch.cat([x * 0.5, x * 0], 1)[:, :4]

    orbit = list(attractors.orbit(torch.full((1, 3, 4, 4), 0.8), half, lambda z: z[:, :3], 3))
    assert [round(float(x[0, 0, 0, 0]), 4) for x in orbit] == [0.4, 0.2, 0.1]
    archive_ = torch.stack([torch.zeros(3, 4, 4), torch.ones(3, 4, 4)])
    likeness, which = attractors.nearest(torch.full((1, 3, 4, 4), 0.9), archive_)
    assert which.tolist() == [1] and float(likeness) == pytest.approx(-10 * np.log10(0.05**2))


# ------------------------------------------------ the other studies
@pytest.mark.parametrize("study", [copies, gap, limbs, shelves])
def test_committed_results_are_from_this_code(study):
    facts, arrays = study.load()
    assert facts["key"] == study.key() and arrays


def test_results_of_other_code_and_damaged_ones_are_refused(tmp_path):
    path = tmp_path / "some.npz"
    shelf.put(path, {"key": "a", "n": 3}, {"x": np.arange(4)})
    facts, arrays = shelf.take(path, "a", "lab_some")
    assert facts["n"] == 3 and arrays["x"].tolist() == [0, 1, 2, 3] and not list(tmp_path.glob("*.part"))
    with pytest.raises(DenoisedError, match="another version of the study: run `python scripts/lab_some.py`"):
        shelf.take(path, "b", "lab_some")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DenoisedError, match="cannot be read"):
        shelf.take(path, "a", "lab_some")


def test_results_measured_with_other_weights_are_refused(tmp_path):
    for name, content in (("a/unet", b"1"), ("judge", b"2")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.safetensors").write_bytes(content)
    lab = SimpleNamespace(weight=lambda name: tmp_path / name)
    facts = {"weights": shelf.digests(lab, "a/unet", "judge")}
    assert list(facts["weights"]) == ["unet", "judge"] and len(set(facts["weights"].values())) == 2
    shelf.expect(facts, lab, ("a/unet", "judge"), "lab_some")
    (tmp_path / "judge" / "x.safetensors").write_bytes(b"3")
    with pytest.raises(DenoisedError, match="other weights: run `python scripts/lab_some.py`"):
        shelf.expect(facts, lab, ("a/unet", "judge"), "lab_some")


def test_the_piles_of_the_gap_are_a_fair_draw():
    rows = splits.load()
    piles = gap.piles(rows)
    known, unseen = ([rows[i] for i in piles[side]] for side in ("known", "unseen"))
    assert {r.split for r in known} == {"train"} and {r.split for r in unseen} == {"concept"}
    assert not {splits.family(r.concept) for r in known} & {splits.family(r.concept) for r in unseen}
    for side in (known, unseen):
        assert all(r.tone == "none" and r.group not in gap.NOT_DRAWN for r in side)
        assert max(sum(r.style == s for r in side) for s in {r.style for r in side}) <= gap.SETTINGS.per_style


def test_a_planted_gap_is_found_with_an_interval_and_none_is_not():
    facts = {side: {"known": [], "unseen": []} for side in ("styles", "concepts")}
    values = {}
    for side, shift in (("known", 2.0), ("unseen", 0.0)):
        facts["styles"][side] = ["a", "b"] * 60
        facts["concepts"][side] = [f"{side}-{i // 2}" for i in range(120)]
        base = np.where(np.arange(120) % 2, 5.0, 0.0)  # styles differ, which must not matter
        values[side] = 20 + base + shift + rng(len(side)).normal(0, 1, 120)
    found = np.mean(list(gap.gap_by_style(*values.values(), *facts["styles"].values()).values()))
    low, high = gap.gap_interval(*values.values(), facts)
    assert low < found < high and low > 1.5 and high < 2.5
    low, high = gap.gap_interval(values["known"] - 2, values["unseen"], facts)
    assert low < 0 < high


def test_hands_are_calibrated_and_measured_on_different_ones():
    rows = splits.load()
    chosen = limbs.chosen(rows)
    styles = {part: {rows[i].style for i in some} for part, some in chosen.items()}
    assert not styles["calibrate"] & styles["measure"]
    assert not set(chosen["measure"]) & set(chosen["others"])
    assert not set(limbs.SETTINGS.grain_seeds) & set(limbs.SETTINGS.ghost_seeds)
    assert not set(limbs.TRUTH) & set(limbs.CLOSED)


def test_the_calibration_prefers_a_counter_that_is_right():
    hands, truth = np.concatenate([comb(k) for k in (0, 1, 3)]), [0, 1, 3]
    settings = limbs.Settings(soften=(1.5,), paper=(50,), share=(0.02, 0.2), least=(0.048,))
    best, worst = limbs.calibration(hands, truth, settings)
    assert best[1] == 1 and best[2].share == 0.2 and worst[1] < 1


def test_the_measurement_counts_what_was_planted():
    found = limbs.measure(comb(1), [1], limbs.Settings(ghost_seeds=(1,)))
    assert found["real"].tolist() == [1] and found["limbed"].tolist() == [2]
    assert found["spectral"].shape == found["healed"].shape == (1, 1)
    assert found["peak_spectral"][0] > 5 * found["peak_real"]


def test_the_best_match_of_pieces_is_the_best_of_all():
    queries, rows = rng(1).normal(size=(9, 12)), rng(2).normal(size=(60, 12)).astype(np.float32)
    best = shelves.Best(queries)
    for start in range(0, 60, 7):
        best.look(rows[start : start + 7], np.arange(start, min(start + 7, 60)))
    index, error = archive.nearest(queries, rows)
    np.testing.assert_array_equal(best.origin, index)
    np.testing.assert_allclose(best.error, error, rtol=1e-5)
    np.testing.assert_array_equal(best.row, rows[index])


def test_copied_icons_are_pairs_of_different_concepts():
    rows = splits.load()
    some = [rows[i] for i in copies.chosen(rows)]
    assert {r.split for r in some} == {"pair"} and len({r.concept for r in some}) == len(some) == copies.SETTINGS.icons
