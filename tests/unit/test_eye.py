"""The AI eye: kernels against SciPy and PyTorch, the widget's arithmetic, nets, probes and scrambling."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import correlate2d

from denoised import paths
from denoised.errors import DenoisedError
from denoised.models import pyramid
from denoised.probes import kernels
from denoised.studies import eye, eye_probes
from denoised.training import store

CLASSES = {"group": list("abc"), "concept": list("vwxyz")}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape)


# --- one kernel


def test_by_hand_is_scipys_correlation_and_uses_times_and_plus_only():
    picture = noise(7, 9)
    for kernel in kernels.KERNELS.values():
        made, tally = kernels.counted(picture, kernel)
        assert (made == correlate2d(picture, kernel, mode="valid")).all()
        assert set(tally) == {"multiplications", "additions"}
        assert tally["multiplications"] == 9 * made.size and tally["additions"] == 8 * made.size


def test_the_tally_sees_other_operations():
    from collections import Counter

    tally = Counter()
    a = kernels.Counted(6, tally)
    assert ((a - 2) / 2).value == 2 and (a**2).value == 36
    assert tally == {"subtractions": 1, "divisions": 1, "powers": 1}


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 3])
@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_convolve_is_torchs(stride, padding, dilation):
    picture = noise(17, 17, seed=stride).astype(float)
    kernel = np.array(kernels.KERNELS["emboss"], float)
    x, w = (torch.tensor(values)[None, None] for values in (picture, kernel))
    expected = F.conv2d(x, w, None, stride, padding, dilation)
    found = kernels.convolve(picture, kernel, stride, padding, dilation)
    assert found.shape == tuple(expected.shape[2:]) == (kernels.size_out(17, 3, stride, padding, dilation),) * 2
    np.testing.assert_allclose(found, expected[0, 0].numpy(), atol=1e-9)


def test_similarity_is_the_correlation_coefficient():
    picture, kernel = noise(6, 6), np.array(kernels.KERNELS["spots"])
    found = kernels.similarity(picture, kernel)
    expected = np.corrcoef(picture[2:5, 1:4].ravel(), kernel.ravel())[0, 1]
    assert found[2, 1] == pytest.approx(expected)
    assert (kernels.similarity(np.ones((5, 5)), kernel) == 0).all()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the widget's arithmetic")
def test_the_widget_computes_what_python_computes(tmp_path):
    cases = []
    for i, name in enumerate(kernels.KERNELS):
        for stride, padding, dilation in ((1, 0, 1), (2, 1, 1), (3, 2, 2), (1, 3, 4)):
            picture = noise(16, 16, seed=i)
            made = kernels.convolve(picture, kernels.KERNELS[name], stride, padding, dilation)
            flat = [v for row in kernels.KERNELS[name] for v in row]
            cases.append({"picture": picture.ravel().tolist(), "kernel": flat, "by": [stride, padding, dilation],
                          "side": len(made), "answer": made.ravel().tolist()})  # fmt: skip
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    for name in ("parts.js", "widgets/kernel.js"):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_text((paths.ROOT / "docs/javascripts" / name).read_text())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.mjs").write_text(
        "import { readFileSync } from 'node:fs'; import { convolve } from './widgets/kernel.js';\n"
        "const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url)));\n"
        "console.log(JSON.stringify(cases.map((c) => { const m = convolve(c.picture, 16, c.kernel, ...c.by);\n"
        "  return [m.side, Math.max(...c.answer.map((v, i) => Math.abs(v - m.values[i])))]; })));\n"
    )
    told = json.loads(subprocess.run(["node", tmp_path / "run.mjs"], capture_output=True, text=True, check=True).stdout)
    assert [side for side, _ in told] == [case["side"] for case in cases]
    assert max(gap for _, gap in told) < 1e-9


# --- the nets


def test_widths_are_the_papers():
    assert pyramid.additive(16, 48, 6) == [24, 32, 40, 48, 56, 64]
    assert pyramid.doubling(22, 3, 6) == [22, 22, 44, 44, 88, 88]


def test_both_nets_have_one_size():
    counts = [pyramid.parameters(eye.build(kind, {"group": ["a"] * 8, "concept": ["b"] * 1529}, 0)) for kind in eye.KINDS]
    assert abs(counts[0] / counts[1] - 1) < 0.02 and max(counts) <= 500_000


def test_receptive_fields_are_where_gradients_end():
    net = eye.build("pyramid", CLASSES, 0).eval()
    for layer, (field, stride) in enumerate(pyramid.field(net)):
        x = torch.zeros(1, 3, 160, 160, requires_grad=True)
        made = net.maps(x + torch.randn(x.shape, generator=torch.Generator().manual_seed(1)))[layer]
        assert made.shape[-1] == 160 // stride
        if field < 100:
            (gradient,) = torch.autograd.grad(made[0, :, made.shape[2] // 2, made.shape[3] // 2].square().sum(), x)
            reached = gradient[0].abs().sum(0).amax(0).nonzero()
            assert 0.6 * field <= reached.max() - reached.min() + 1 <= field


def test_a_net_comes_back_from_its_folder(tmp_path):
    net = eye.build("pyramid", CLASSES, 3).eval()
    pyramid.save(net, tmp_path)
    again = pyramid.load(tmp_path)
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert again.classes == CLASSES
    assert (again(x)["concept"] - net(x)["concept"]).abs().max() < 0.02
    (tmp_path / "config.json").unlink()
    with pytest.raises(DenoisedError, match="lab_eye"):
        pyramid.load(tmp_path)


# --- the study


def tiny(count=40):
    pictures = torch.from_numpy(noise(count, 3, 32, 32)).byte()
    labels = {"group": torch.arange(count) % 3, "concept": torch.arange(count) % 5}
    return pictures, torch.ones(count, dtype=torch.bool), labels


def test_training_is_the_same_twice_and_learns():
    settings = eye.Settings(steps=12, batch=8, every=6)
    states = []
    for _ in range(2):
        net = eye.build("resnet", CLASSES, 1, settings)
        curve = eye.train(net, *tiny(), 1, lambda net: {}, settings)
        states.append(torch.cat([p.flatten() for p in net.parameters()]))
    assert torch.equal(*states)
    assert [point["step"] for point in curve] == [6, 12] and curve[1]["loss"] < curve[0]["loss"]


def test_without_leaves_the_shortcut_only():
    net = eye.build("pyramid", CLASSES, 0).eval()
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    whole = net.maps(x)
    handle = eye.without(net, 1)
    cut = net.maps(x)
    handle.remove()
    assert torch.equal(cut[2], net.units[1].shortcut(whole[1])) and not torch.equal(cut[2], whole[2])
    assert torch.equal(net.maps(x)[-1], whole[-1])


def test_scrambling_keeps_pieces_whole():
    pictures, *_ = tiny(6)
    for pieces in (2, 4, 32):
        made = eye.shuffled(pictures, pieces, 5)
        assert made.shape == pictures.shape and not torch.equal(made, pictures)
        assert torch.equal(made.flatten(2).sort(2).values, pictures.flatten(2).sort(2).values)
        size = 32 // pieces
        first = made[0, :, :size, :size]
        places = pictures[0].unfold(1, size, size).unfold(2, size, size).permute(1, 2, 0, 3, 4).flatten(0, 1)
        assert any(torch.equal(first, place) for place in places)
    assert torch.equal(eye.shuffled(pictures, 4, 5), eye.shuffled(pictures, 4, 5))


def test_ridge_is_the_least_squares_solution():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(200, 6)), rng.integers(3, size=200)
    x[:, 0] += 3 * labels
    fitted = eye_probes.ridge(x, labels, 3)
    z = (x - fitted[0]) / fitted[1]
    gram, y = z.T @ z, np.eye(3)[labels]
    lam = eye_probes.RIDGE * np.trace(gram) / 6
    rows, right = np.vstack([z, np.sqrt(lam) * np.eye(6)]), np.vstack([y - y.mean(0), np.zeros((6, 3))])
    stacked = np.linalg.lstsq(rows, right, rcond=None)[0]
    np.testing.assert_allclose(fitted[2], stacked, atol=1e-8)
    assert eye_probes.right(fitted, x, labels).mean() > 0.6


def test_gratings_run_where_they_say():
    pictures, truth = eye_probes.gratings(40, 32, 0)
    for picture, k in zip(pictures, truth, strict=True):
        down, along = np.gradient(picture.astype(float), axis=(1, 2))  # the structure tensor's main direction
        angle = np.degrees(np.arctan2(2 * (along * down).sum(), (along**2 - down**2).sum()) / 2) % 180
        gap = abs(angle - 180 * k / eye_probes.ORIENTATIONS)
        assert min(gap, 180 - gap) < 16


def test_probes_leave_out_what_has_no_label():
    net = eye.build("pyramid", CLASSES, 0)
    pictures, *_ = tiny(30)
    eye_probes.settle(net, pictures)
    labels = np.arange(30) % 3
    labels[:6] = -1
    found = eye_probes.probe(net, {"group": ((pictures, labels), (pictures, labels))})["group"]
    assert found.shape == (len(net.units) + 2, 24)


def test_the_shipped_eye_is_the_studys_first():
    folder = paths.WEIGHTS / "pyramidnet"
    card = json.loads((folder / "card.json").read_text())
    net = pyramid.load(folder)
    assert card["study"] == eye.key() and card["parameters"] == pyramid.parameters(net)
    assert net.config["widths"] == eye.widths("pyramid")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000


def test_the_shipped_nets_card_has_the_hash_that_the_doctor_asks_for(tmp_path):
    folder = paths.WEIGHTS / "pyramidnet"
    shutil.copy(folder / "model.safetensors", tmp_path)
    store.seal(tmp_path, {"study": eye.key()})
    made = json.loads((tmp_path / "card.json").read_text())
    assert made["sha256"] == json.loads((folder / "card.json").read_text())["sha256"]
    assert {"study", "data", "licence", "torch"} <= made.keys()
