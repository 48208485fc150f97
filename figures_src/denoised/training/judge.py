"""Train the judge (and the critic, its double for losses) to name concept, style, colour and group of an icon."""

import hashlib

import torch
import torch.nn.functional as F

from denoised import paths
from denoised.models import judge as judge_model
from denoised.models import second_judge
from denoised.training import images, loop
from denoised.training.clip import augment, small
from denoised.training.presets import Preset

MIN_STYLES = 4  # a concept drawn by fewer sets cannot be told from its style
OF_THE_REST = 0.3  # weight of style, colour and group against the concept
IGNORED = -100  # a target that does not count


def eligible() -> tuple[list, torch.Tensor]:
    """Every icon of a concept with at least four styles, whatever its split, and its picture, uint8 [N, 3, 64, 64]."""
    styles: dict[str, set[str]] = {}
    fits = []
    rows, _ = images.select(lambda row: _fits(row))
    for row in rows:
        styles.setdefault(row.concept, set()).add(row.style)
    keep = {concept for concept, found in styles.items() if len(found) >= MIN_STYLES}
    fits, pictures = images.select(lambda row: _fits(row) and row.concept in keep)
    return fits, small(pictures)


def _fits(row) -> bool:
    return row.tone == "none" and row.group not in images.NOT_TRUNK and row.split != "twin"


def is_test(row) -> bool:
    """Held out from judge and critic, for their calibration: all style-concept pairs, half of the judge's own slice
    and one sixth of what is held out by concept, colour, time or fingers. Depends on nothing but the icon's id."""
    share = int.from_bytes(hashlib.sha256(f"judge/{row.id}".encode()).digest()[:4], "big") / 2**32
    return (
        row.split == "pair"
        or (row.split == "judge" and share < 0.5)
        or (row.split not in ("train", "judge") and share < 1 / 6)
    )


def classes_of(rows) -> dict[str, list[str]]:
    return {head: sorted({getattr(row, head) for row in rows}) for head in judge_model.HEADS}


def targets(rows, classes) -> dict[str, torch.Tensor]:
    place = {head: {name: i for i, name in enumerate(names)} for head, names in classes.items()}
    return {head: torch.tensor([place[head][getattr(row, head)] for row in rows]) for head in classes}


def train_judge(preset: Preset, **limits):
    """Returns (JudgeNet, report). extra: own_slice (may learn from the judge's slice and from what generators are
    never shown), reconstructions (share of pictures that went through the autoencoder); optional: cosine (concepts by
    direction, see second_judge), start (weights whose body it goes on from), grey (share of pictures without colours,
    whose colour then does not count), turn and zoom (strength of the augmentation)."""
    torch.manual_seed(preset.seed)
    rows, pictures = eligible()
    classes = classes_of(rows)
    wanted = targets(rows, classes)
    own = preset.extra["own_slice"]
    learn = torch.tensor([i for i, row in enumerate(rows) if not is_test(row) and (own or row.split == "train")])
    test = torch.tensor([i for i, row in enumerate(rows) if is_test(row)])
    mirror = torch.tensor([images.has_mirror(row) for row in rows])
    share = preset.extra["reconstructions"]
    again = reconstructions(rows) if share else pictures
    extra = {"turn": 0.3, "zoom": 0.25, "grey": 0.0} | preset.extra
    net = (second_judge.build if extra.get("cosine") else judge_model.JudgeNet)(classes)
    if start := extra.get("start"):
        net.body.load_state_dict(judge_model.load(paths.WEIGHTS / start).body.state_dict())
    net.to(memory_format=torch.channels_last)

    def loss_of(step, generator):
        pick = learn[torch.randint(len(learn), (preset.batch,), generator=generator)]
        x = pictures[pick]
        if share:
            x = torch.where((torch.rand(len(pick), generator=generator) < share)[:, None, None, None], again[pick], x)
        x = augment(images.to_float(x), generator, mirror[pick], turn=extra["turn"], zoom=extra["zoom"])
        right = {head: wanted[head][pick] for head in classes}
        if extra["grey"]:
            x, right["colour"] = faded(x, right["colour"], extra["grey"], generator)
        x = erase(x, generator).contiguous(memory_format=torch.channels_last)
        with loop.bf16():
            logits = net(x)
        parts = {
            head: F.cross_entropy(logits[head].float(), right[head], ignore_index=IGNORED, label_smoothing=0.1)
            for head in classes
        }
        rest = sum(parts[head] for head in classes if head != "concept")
        return parts["concept"] + OF_THE_REST * rest, {head: value.item() for head, value in parts.items()}

    def evaluate(source=pictures):
        return accuracy(net, source[test], {head: wanted[head][test] for head in classes})

    report = loop.train(preset, net, loss_of, evaluate, evaluate_every=51_200, **limits)
    report |= {"held_out": evaluate(), "concepts": len(classes["concept"]), "tested_on": len(test)}
    if share:
        report |= {"held_out_reconstructed": evaluate(again)}
    return net, report


def faded(x: torch.Tensor, colour: torch.Tensor, share: float, generator: torch.Generator):
    """(pictures [B, 3, 64, 64] of which about a `share` has lost its colours, their targets [B], IGNORED for those). Where
    the lot takes all, none is faded: the mean loss of no colour would not be a number."""
    grey = torch.rand(len(x), generator=generator) < share
    grey &= ~grey.all()
    return torch.where(grey[:, None, None, None], x.mean(1, keepdim=True), x), colour.masked_fill(grey, IGNORED)


def erase(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Half of the pictures [B, 3, 64, 64] lose a square of 16 pixels to white, so that no single part decides."""
    n, side = len(x), x.shape[-1]
    corner = torch.randint(-8, side - 8, (n, 2), generator=generator)
    grid = torch.arange(side)
    down = (grid >= corner[:, :1]) & (grid < corner[:, :1] + 16)
    across = (grid >= corner[:, 1:]) & (grid < corner[:, 1:] + 16)
    hole = down[:, :, None] & across[:, None] & (torch.rand(n, generator=generator) < 0.5)[:, None, None]
    return torch.where(hole[:, None], torch.ones(()), x)


@torch.no_grad()
def accuracy(net, pictures: torch.Tensor, wanted: dict, batch: int = 256) -> dict:
    """uint8 [N, 3, 64, 64] -> per cent right: {"top1", "top5", "style", "colour", "group"}."""
    hits = dict.fromkeys(("top1", "top5", "style", "colour", "group"), 0)
    for i in range(0, len(pictures), batch):
        with loop.bf16():
            logits = net(images.to_float(pictures[i : i + batch]).contiguous(memory_format=torch.channels_last))
        for head, right in wanted.items():
            best = logits[head].topk(min(5, logits[head].shape[1])).indices == right[i : i + batch, None]
            if head == "concept":
                hits["top1"] += best[:, 0].sum().item()
                hits["top5"] += best.any(1).sum().item()
            else:
                hits[head] += best[:, 0].sum().item()
    return {name: round(100 * hit / len(pictures), 2) for name, hit in hits.items()}


@torch.no_grad()
def reconstructions(rows) -> torch.Tensor:
    """The same icons after the autoencoder, uint8 [N, 3, 64, 64]; kept in runs/cache."""
    from denoised.training import store
    from denoised.training.denoiser import _cached, _digest

    vae = store.load_vae()
    wanted = {row.id for row in rows}

    def make():
        _, whole = images.select(lambda row: row.id in wanted)
        out = []
        for part in whole.split(16):
            with loop.bf16():
                y = vae.decode(vae.encode(images.to_float(part)).latent_dist.mode()).sample.float()
            out.append(((y.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8))
        return small(torch.cat(out))

    return _cached(f"reconstructed-{_digest(vae)}-{len(rows)}", make)
