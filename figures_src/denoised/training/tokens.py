"""Train a tokenizer on all icons that the denoisers learn from, and a Transformer to tell their tokens for a prompt."""

import math
from pathlib import Path

import torch
import torch.nn.functional as F

from denoised import paths
from denoised.errors import DenoisedError
from denoised.models import dit, fsq
from denoised.models.teller import Teller
from denoised.training import denoiser, images, loop, store
from denoised.training.clip import small
from denoised.training.presets import Preset

FILE = "model.safetensors"


def pictures() -> torch.Tensor:
    """The icons, uint8 [N, 3, 64, 64], in the order of `denoiser.Cache`."""
    return small(images.select(images.in_trunk)[1])


def trained(name: str) -> Path:
    """The folder with the averaged weights that preset `name` left in runs/, and their card, once its run has ended."""
    folder = paths.RUNS / name / "ema"
    if not (folder / "card.json").exists():
        raise DenoisedError(f"There is no {folder}: train it with `python scripts/train.py {name}`.")
    if not store.read_card(folder).get("finished"):
        raise DenoisedError(f"The run of '{name}' has not ended: `python scripts/train.py {name}` goes on with it.")
    return folder


def spent(name: str) -> dict:
    """{"samples", "core_seconds", "sha256"} of the run that preset `name` ended with."""
    card = store.read_card(trained(name))
    return {key: card[key] for key in ("samples", "core_seconds")} | {"sha256": sha256(name)}


def sha256(name: str) -> str:
    """The hash of the weights that preset `name` ended with."""
    return next(iter(store.read_card(trained(name))["sha256"].values()))


def read(name: str, net):
    """`net` with the averaged weights that preset `name` left in runs/, for looking."""
    from safetensors.torch import load_file

    net.load_state_dict({key: value.float() for key, value in load_file(trained(name) / FILE).items()})
    return net.eval().requires_grad_(False)


def keep(net, preset: Preset, report: dict, **more) -> None:
    """The averaged weights of a model of our own and their card, where `trained` finds them."""
    folder = paths.RUNS / preset.name / "ema"
    folder.mkdir(parents=True, exist_ok=True)
    store.save_tensors(net, folder / FILE)
    store.write_card(folder, preset, report, **more)


@torch.no_grad()
def tokens_of(tokenizer: fsq.Tokenizer, some: torch.Tensor) -> torch.Tensor:
    """uint8 [N, 3, 64, 64] -> tokens int64 [N, 64]."""
    return torch.cat([fsq.to_tokens(tokenizer.digits(images.to_float(part))) for part in some.split(64)])


def train_tokenizer(preset: Preset, **limits):
    """Returns (fsq.Tokenizer, report)."""
    torch.manual_seed(preset.seed)
    shown, net = pictures(), fsq.Tokenizer().to(memory_format=torch.channels_last)
    probe = torch.randperm(len(shown), generator=torch.Generator().manual_seed(11))[:256]

    def loss_of(step, generator):
        x = images.to_float(shown[torch.randint(len(shown), (preset.batch,), generator=generator)])
        off = net(x.contiguous(memory_format=torch.channels_last)) - x
        return off.abs().mean() + off.square().mean(), {}

    def evaluate():
        off = torch.cat([net(images.to_float(part)) - images.to_float(part) for part in shown[probe].split(64)])
        keep(net, preset, {})
        return {"psnr": round(-10 * torch.log10(off.square().mean((1, 2, 3)) / 4).mean().item(), 3)}

    report = loop.train(preset, net, loss_of, evaluate, evaluate_every=10_000, **limits)
    report |= evaluate()
    keep(net, preset, report)
    return net, report


def train_teller(preset: Preset, **limits):
    """Returns (Teller, report). Learns the tokens that the tokenizer in extra["tokenizer"] makes of the icons; its card
    names that one's weights."""
    torch.manual_seed(preset.seed)
    read_by = {"tokenizer": sha256(preset.extra["tokenizer"])}
    cache = denoiser.Cache(64)
    tokens = tokens_of(read(preset.extra["tokenizer"], fsq.Tokenizer()), pictures())
    net = Teller()
    weight = torch.tensor([denoiser.GROUP_WEIGHT.get(row.group, 1.0) for row in cache.rows])
    probe = torch.randperm(len(tokens), generator=torch.Generator().manual_seed(11))[:256]

    # --8<-- [start:loss]
    def loss_of(step, generator):
        pick = torch.multinomial(weight, preset.batch, replacement=True, generator=generator)
        wording = torch.randint(denoiser.WORDINGS, (preset.batch,), generator=generator)
        states = cache.states[pick, wording][:, : dit.READS].float()
        states[torch.rand(preset.batch, generator=generator) < denoiser.DROPPED] = cache.empty[: dit.READS].float()
        logits = net(states, tokens[pick, :-1])
        return F.cross_entropy(logits.flatten(0, 1), tokens[pick].flatten()), {}
        # --8<-- [end:loss]

    def evaluate():
        """Bits a token with the right captions and with other icons' captions."""
        found = {}
        for name, order in (("right", probe), ("swapped", probe.roll(1))):
            logits = net(cache.states[order, 0][:, : dit.READS].float(), tokens[probe, :-1])
            found[name] = F.cross_entropy(logits.flatten(0, 1), tokens[probe].flatten()).item() / math.log(2)
        keep(net, preset, {}, **read_by)
        return {"bits": round(found["right"], 4), "bits_swapped": round(found["swapped"], 4)}

    report = loop.train(preset, net, loss_of, evaluate, evaluate_every=12_800, **limits)
    report |= evaluate()
    keep(net, preset, report, **read_by)
    return net, report
