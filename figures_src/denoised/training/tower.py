"""An image tower taught by captions alone: it learns to put each picture where the shipped text encoder puts its caption.

The shipped CLIP keeps its text tower only, which is what a pipeline needs. Here the other half is learned anew beside it,
the text held fixed (the mirror image of locked-image tuning, Zhai et al. 2022, arXiv 2111.07991).
"""

import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from denoised.data.captions import caption
from denoised.models import clip as clip_model
from denoised.training import images, loop
from denoised.training.clip import augment
from denoised.training.presets import Preset

WORDINGS = 8  # captions of a picture, of which every other one names the style


@dataclass(frozen=True)
class Settings:
    samples: int = 120_000
    batch: int = 128
    lr: float = 1.5e-3
    seed: int = 0


class Tower(nn.Module):
    """Picture and caption as unit vectors: an ImageTower, a linear map of the text's pooled state, a temperature."""

    def __init__(self, text_width: int, width: int = 256):
        super().__init__()
        self.image, self.text = clip_model.ImageTower(width), nn.Linear(text_width, width, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(2.7))

    def loss(self, pictures, pooled, positive):
        """Contrastive loss of pictures [B, 3, 64, 64] and pooled text states [B, D]; positive [B, B], text by picture."""
        image = F.normalize(self.image(pictures).float(), dim=-1)
        text = F.normalize(self.text(pooled).float(), dim=-1)
        logits = text @ image.T * self.log_scale.exp().clamp(max=100)
        target = positive.float()
        by_text = F.cross_entropy(logits, target / target.sum(1, keepdim=True))
        return (by_text + F.cross_entropy(logits.T, (target / target.sum(0)).T)) / 2

    @torch.no_grad()
    def features(self, pictures, batch: int = 128) -> torch.Tensor:
        """What the tower makes of pictures uint8 [N, 3, 64, 64] before its last map, [N, C]."""
        return torch.cat([self.image.body(images.to_float(part)).float() for part in pictures.split(batch)])


@torch.no_grad()
def pooled(encoder, tokenizer, rows, seed: int = 7) -> torch.Tensor:
    """The text encoder's pooled state of each picture's captions, [N, WORDINGS, D]; even wordings name no style."""
    rng = random.Random(seed)
    words = [caption(row, rng, style=k % 2 == 1) for row in rows for k in range(WORDINGS)]
    ids = [clip_model.tokenize(tokenizer, words[i : i + 256]) for i in range(0, len(words), 256)]
    return torch.cat([encoder(input_ids=part).pooler_output.float() for part in ids]).unflatten(0, (-1, WORDINGS))


def fitting(concept, style, styled):
    """Which captions fit which pictures, bool [B, B]: the same concept and, where the caption names a style, that too."""
    same = concept[:, None] == concept[None]
    return same & (~styled[:, None] | (style[:, None] == style[None]))


def train(name: str, rows, pictures, encoder, tokenizer, settings: Settings = Settings(), **limits) -> Tower:
    """A Tower taught on rows and their pictures uint8 [N, 3, 64, 64]; resumes from runs/<name>."""
    torch.manual_seed(settings.seed)
    preset = Preset(name, "tower", settings.samples, settings.batch, settings.lr, settings.seed, warmup=4_000,
                    weight_decay=0.1)  # fmt: skip
    words = pooled(encoder, tokenizer, rows)
    model = Tower(words.shape[-1])
    model.image.to(memory_format=torch.channels_last)
    concepts, styles = ({v: i for i, v in enumerate(sorted({getattr(row, part) for row in rows}))}
                        for part in ("concept", "style"))  # fmt: skip
    concept = torch.tensor([concepts[row.concept] for row in rows])
    style = torch.tensor([styles[row.style] for row in rows])
    mirror = torch.tensor([images.has_mirror(row) for row in rows])

    def loss_of(step, generator):
        pick = torch.randint(len(rows), (preset.batch,), generator=generator)
        wording = torch.randint(WORDINGS, (preset.batch,), generator=generator)
        x = augment(images.to_float(pictures[pick]), generator, mirror[pick]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            return model.loss(x, words[pick, wording], fitting(concept[pick], style[pick], wording % 2 == 1)), {}

    loop.train(preset, model, loss_of, evaluate_every=settings.samples // 6, **limits)
    return model
