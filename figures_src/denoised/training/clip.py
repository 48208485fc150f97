"""Train CLIP's two towers on (picture, caption) pairs of the training split."""

import random
from pathlib import Path

import torch
import torch.nn.functional as F

from denoised import paths
from denoised.data import splits
from denoised.models import clip as clip_model
from denoised.training import images, loop, store
from denoised.training.presets import Preset

GALLERY = Path(splits.__file__).with_name("retrieval.txt")


def tokenizer_for_training():
    """The tokenizer in weights/emoji-sd/tokenizer, learned from the training captions when it is not there."""
    from transformers import CLIPTokenizer

    folder = paths.WEIGHTS / store.SD / "tokenizer"
    if (folder / "tokenizer_config.json").exists():
        return CLIPTokenizer.from_pretrained(folder)
    rng = random.Random(0)
    rows, _ = images.select(lambda row: row.split == "train" and row.tone in ("none", "dark", "medium-light"))
    lines = [images.wording(row, rng, rich=rich) for row in rows for rich in (False, True)]
    return clip_model.train_tokenizer(sorted(lines), folder)


def small(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [N, 3, 128, 128] -> uint8 [N, 3, 64, 64] by area."""
    return torch.cat([F.avg_pool2d(p.float(), 2).round().to(torch.uint8) for p in pictures.split(512)])


def augment(x: torch.Tensor, generator: torch.Generator, mirror: torch.Tensor, turn=0.15, zoom=0.15) -> torch.Tensor:
    """Shift, zoom, turn a little and, where `mirror` [B] allows it, flip, on white: float32 [B, 3, H, W] in [-1, 1]."""
    n = len(x)

    def uniform(low, high):
        return torch.empty(n).uniform_(low, high, generator=generator)

    angle, zoom = uniform(-turn, turn), uniform(1 - zoom, 1 + zoom)
    flip = 1 - 2 * (torch.randint(0, 2, (n,), generator=generator) * mirror)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    matrix = torch.stack([torch.stack([cos * flip, -sin, uniform(-0.1, 0.1)], 1),
                          torch.stack([sin * flip, cos, uniform(-0.1, 0.1)], 1)], 1)  # fmt: skip
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    return F.grid_sample(x - 1, grid, align_corners=False) + 1  # padding is white


@torch.no_grad()
def retrieval(model, tokenizer, rows, pictures, batch: int = 256) -> dict:
    """Caption -> picture among the given ones (at most one a concept): {"top1", "top5"} in per cent, "asked", "among".

    Pictures of held-out concepts are only distractors.
    """
    asked = torch.tensor([i for i, row in enumerate(rows) if row.split != "concept"])
    words = [images.plain(rows[i]) for i in asked.tolist()]
    text = torch.cat([model.encode_text(clip_model.tokenize(tokenizer, words[i : i + batch]))
                      for i in range(0, len(words), batch)])  # fmt: skip
    image = torch.cat([model.encode_image(images.to_float(p)) for p in pictures.split(batch)])
    hit = (text @ image.T).argsort(1, descending=True) == asked[:, None]
    return {"top1": round(100 * hit[:, :1].any(1).float().mean().item(), 2),
            "top5": round(100 * hit[:, :5].any(1).float().mean().item(), 2),
            "asked": len(asked), "among": len(rows)}  # fmt: skip


def train_clip(preset: Preset, **limits):
    """Returns (Clip, tokenizer, report). Report has retrieval on held-out style-concept pairs."""
    torch.manual_seed(preset.seed)
    tokenizer = tokenizer_for_training()
    model = clip_model.Clip(clip_model.build_text(len(tokenizer)))
    model.image.to(memory_format=torch.channels_last)
    rows, pictures = images.select(lambda row: row.split == "train" and row.group not in ("flags", "component"))
    pictures = small(pictures)
    plain = torch.tensor([i for i, row in enumerate(rows) if images.in_trunk(row)])
    concept_ids = {c: i for i, c in enumerate(sorted({row.concept + row.tone for row in rows}))}
    concept = torch.tensor([concept_ids[row.concept + row.tone] for row in rows])
    mirror = torch.tensor([images.has_mirror(row) for row in rows])
    style_ids = {s: i for i, s in enumerate(sorted({row.style for row in rows}))}
    style = torch.tensor([style_ids[row.style] for row in rows])
    anchors = clip_model.Anchors(len(concept_ids))
    by_concept: dict[int, list[int]] = {}
    for i, c in enumerate(concept.tolist()):
        by_concept.setdefault(c, []).append(i)

    test_rows, test_pictures = gallery()
    seen_rows, seen_pictures = one_per_concept("train", limit=500)

    def loss_of(step, generator):
        half = preset.batch // 2
        first = torch.randint(len(rows) if step % 4 == 3 else len(plain), (half,), generator=generator)
        first = first if step % 4 == 3 else plain[first]
        rng = random.Random(int(torch.randint(2**31, (), generator=generator)))
        # Every concept comes in two styles, so that the style words have something to tell apart.
        second = torch.tensor([rng.choice(by_concept[c]) for c in concept[first].tolist()])
        pick = torch.cat([first, second])
        styled = torch.tensor([rng.random() < 0.75 for _ in pick])
        texts = [images.wording(rows[i], rng, style=s) for i, s in zip(pick.tolist(), styled.tolist(), strict=True)]
        x = augment(images.to_float(pictures[pick]), generator, mirror[pick]).contiguous(
            memory_format=torch.channels_last
        )
        same = concept[pick][:, None] == concept[pick][None]
        positive = same & (~styled[:, None] | (style[pick][:, None] == style[pick][None]))
        with loop.bf16():
            text, image = model.encode_text(clip_model.tokenize(tokenizer, texts)), model.encode_image(x)
        contrast = model.loss(text, image, positive)
        seen, read = anchors.loss(image, concept[pick]), anchors.loss(text, concept[pick])
        parts = {"contrast": contrast.item(), "seen": seen.item(), "read": read.item()}
        return contrast + seen + 0.5 * read, parts

    def evaluate():
        seen = retrieval(model, tokenizer, seen_rows, seen_pictures)
        return {**retrieval(model, tokenizer, test_rows, test_pictures), "seen_top1": seen["top1"]}

    both = torch.nn.ModuleList([model, anchors])
    report = loop.train(preset, both, loss_of, evaluate, evaluate_every=25_600, **limits)
    return model, tokenizer, report | {"retrieval_pair": retrieval(model, tokenizer, test_rows, test_pictures)}


def gallery() -> tuple[list, torch.Tensor]:
    """The committed list of 1,000 icons of distinct concepts that no CLIP was trained on (retrieval.txt), and their
    pictures, uint8 [1000, 3, 64, 64]. 988 are known concepts in an unseen style; twelve are unknown concepts, which
    stand in the way and are not asked for. Of one's own pictures, all that were held out."""
    if images.is_own():
        rows, pictures = images.select(lambda row: row.split != "train")
        return rows, small(pictures)
    wanted = GALLERY.read_text().split()
    rows, pictures = images.select(lambda row: row.split in ("pair", "judge", "concept") and row.tone == "none")
    place = {row.id: i for i, row in enumerate(rows)}
    keep = [place[icon] for icon in wanted]
    return [rows[i] for i in keep], small(pictures[keep])


def one_per_concept(split: str, limit: int | None = None):
    """One icon a concept of a split (no skin-tone copies), seeded: (rows, uint8 [N, 3, 64, 64])."""
    rows, pictures = images.select(lambda r: r.split == split and r.tone == "none" and r.group not in images.NOT_TRUNK)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(2)).tolist()
    first: dict[str, int] = {}
    for i in order:
        first.setdefault(rows[i].concept, i)
    keep = list(first.values())[:limit]
    return [rows[i] for i in keep], small(pictures[keep])
