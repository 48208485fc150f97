"""A lab hands out what its figure declared, whole, in float32, and says one sentence where it can't."""

import shutil

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from denoised import lab as lab_module
from denoised import profiles
from denoised.errors import DenoisedError
from denoised.lab import Lab, data_path, seed_of, weight_hashes
from denoised.profiles import Profile

VAE = "emoji-sd/vae"
FILE = "diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A weights folder with a very small fp16 VAE and a decoder to lay over it."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        latent_channels=4,
        sample_size=16,
    )
    vae.half().save_pretrained(folder / VAE)
    other = {
        name: value + 1 for name, value in vae.state_dict().items() if name.startswith(("decoder.", "post_quant_conv."))
    }
    (folder / "decoders" / "openmoji").mkdir(parents=True)
    save_file(other, folder / "decoders" / "openmoji" / "decoder.safetensors")
    return folder


@pytest.fixture
def bench(made, tmp_path):
    """A private copy of the weights, and a way to build labs on it."""
    folder = tmp_path / "weights"
    shutil.copytree(made, folder)

    def build(weights=(VAE, "decoders/openmoji/decoder.safetensors"), data=(), **kwargs):
        return Lab("vae/test", weights, data, profile=Profile("tiny", folder), **kwargs)

    build.folder = folder
    return build


def sentence(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_vae_is_float32_eval_without_gradients(bench):
    vae = bench().vae()
    assert {p.dtype for p in vae.parameters()} == {torch.float32}
    assert not vae.training
    assert not any(p.requires_grad for p in vae.parameters())
    assert vae is not bench().vae()


def test_a_lab_loads_once(bench):
    lab = bench()
    assert lab.vae() is lab.vae()


def test_another_decoder_shares_the_encoder(bench):
    lab = bench()
    base, other = lab.vae().state_dict(), lab.vae("openmoji").state_dict()
    for name in base:
        same = torch.equal(base[name], other[name])
        assert same is not name.startswith(("decoder.", "post_quant_conv.")), name


USES = {
    "vae": lambda lab: lab.vae(),
    "pipeline": lambda lab: lab.pipeline(),
    "weight": lambda lab: lab.weight("clip"),
    "decoder": lambda lab: lab.vae("noto"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_undeclared_weights_raise(bench, use):
    with pytest.raises(DenoisedError) as error:
        use(bench(weights=("unet", VAE) if use is USES["decoder"] else ("unet",)))
    assert "vae/test" in sentence(error)
    assert "WEIGHTS" in str(error.value)


def test_undeclared_data_raise(bench):
    with pytest.raises(DenoisedError) as error:
        bench().specimens()
    assert "DATA" in sentence(error)
    with pytest.raises(DenoisedError):
        bench().data_file("specimens/photo.png")


def test_a_declared_folder_covers_its_parts_and_not_its_namesakes(bench):
    assert bench(weights=("emoji-sd",)).vae()
    with pytest.raises(DenoisedError):
        bench(weights=("emoji-sd/va",)).vae()


def test_missing_weights_say_which_file_and_what_to_do(bench):
    shutil.rmtree(bench.folder / VAE)
    with pytest.raises(DenoisedError) as error:
        bench().vae()
    text = sentence(error)
    assert VAE in text
    assert "git checkout -- " in text
    assert "make train" in text


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def html(path):
    path.write_text("<!doctype html><p>404</p>")


def poison(path):
    state = load_file(path)
    name = sorted(state)[0]
    state[name] = torch.full_like(state[name], float("nan"))
    save_file(state, path)


def lacking(path):
    state = load_file(path)
    state.pop(sorted(state)[0])
    save_file(state, path)


@pytest.mark.parametrize("harm", [cut, empty, html, poison, lacking])
@pytest.mark.parametrize("name", [f"{VAE}/{FILE}", "decoders/openmoji/decoder.safetensors"])
def test_damaged_weights_say_which_file_and_what_to_do(bench, harm, name):
    harm(bench.folder / name)
    with pytest.raises(DenoisedError) as error:
        bench().vae("openmoji")
    text = sentence(error)
    assert name.split("/")[0] in text
    assert "damaged" in text
    assert "git checkout -- " in text


def test_a_damaged_config_is_damaged_weights(bench):
    cut(bench.folder / VAE / "config.json")
    with pytest.raises(DenoisedError) as error:
        bench().vae()
    assert "config.json" in sentence(error)


def test_generators_depend_on_seed_figure_and_name(bench):
    def draw(lab, name):
        return torch.randn(4, generator=lab.generator(name)).tolist()

    first = draw(bench(), "noise")
    assert first == draw(bench(), "noise")
    assert first != draw(bench(), "other")
    assert first != draw(bench(seed=1), "noise")
    assert first != draw(Lab("vae/another"), "noise")
    assert seed_of(0, "vae/test", "noise") == 1384659445445153872, "other on another machine"


def test_weight_hashes_see_a_changed_byte(bench):
    profile = Profile("tiny", bench.folder)
    before = weight_hashes((VAE,), profile)
    assert set(before) == {f"{VAE}/{FILE}"}
    path = bench.folder / VAE / FILE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert weight_hashes((VAE,), profile) != before


def test_specimens_are_the_librarys(bench):
    specimens = bench(data=("specimens",)).specimens()
    count = len(specimens.records)
    assert count > 0
    assert specimens.images.shape == (count, 128, 128, 3)
    assert specimens.alpha.shape == (count, 128, 128)
    assert specimens.images.dtype == specimens.alpha.dtype == np.uint8
    assert {"style", "name", "concept", "group", "split"} <= set(specimens.records[0])


def test_unknown_and_missing_data_are_one_sentence(monkeypatch, tmp_path):
    with pytest.raises(DenoisedError) as error:
        data_path("imagenet")
    assert "imagenet" in sentence(error)
    monkeypatch.setitem(lab_module.DATA_FOLDERS, "specimens", tmp_path / "gone")
    with pytest.raises(DenoisedError) as error:
        data_path("specimens")
    assert "git checkout" in sentence(error)


def test_profiles_by_name():
    assert profiles.get("tiny") is profiles.tiny
    with pytest.raises(DenoisedError) as error:
        profiles.get("tinny")
    assert "Did you mean tiny" in str(error.value)
