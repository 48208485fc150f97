"""Text and image towers of our CLIP (Radford et al. 2021), and its own byte-pair tokenizer.

The text tower is transformers' CLIPTextModel, so that the stock pipeline loads it; the image tower is a small
residual CNN (CLIP's "RN" family), which learns faster than a transformer from ten thousand pictures.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from denoised.models.resnet import ResNet

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
MAX_TOKENS = 32
BOS_ID, EOS_ID = 0, 1


def train_tokenizer(captions: Iterable[str], folder: Path, vocabulary: int = 3072) -> CLIPTokenizer:
    """Learn byte-pair merges from captions and save a CLIPTokenizer of MAX_TOKENS positions into `folder`."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    stock = CLIPTokenizer().backend_tokenizer  # its normalizer and splitter, so that training splits as use does
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=EOS))
    learner.normalizer, learner.pre_tokenizer = stock.normalizer, stock.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[BOS, EOS], end_of_word_suffix="</w>",
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), min_frequency=4, show_progress=False,
    )  # fmt: skip
    learner.train_from_iterator(captions, trainer)
    model = json.loads(learner.to_str())["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    vocabulary_map = dict(model["vocab"])
    for letter in pre_tokenizers.ByteLevel.alphabet():  # a word may end in any byte, seen in training or not
        vocabulary_map.setdefault(letter + "</w>", len(vocabulary_map))
    tokenizer = CLIPTokenizer(vocab=vocabulary_map, merges=merges, model_max_length=MAX_TOKENS)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    return tokenizer


def tokenize(tokenizer: CLIPTokenizer, captions: list[str]) -> torch.Tensor:
    """captions -> input_ids [B, MAX_TOKENS], padded and cut exactly as StableDiffusionPipeline does."""
    return tokenizer(
        captions, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids


def build_text(vocabulary: int, width: int = 256, layers: int = 3, heads: int = 4) -> CLIPTextModel:
    """CLIPTextModel: input_ids [B, 32] -> last_hidden_state [B, 32, width], what cross-attention reads."""
    config = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=heads, max_position_embeddings=MAX_TOKENS, projection_dim=width,
        bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    return CLIPTextModel(config)


class ImageTower(nn.Module):
    """Pictures [B, 3, 64, 64] in [-1, 1] -> features [B, width]."""

    def __init__(self, width: int = 256, channels=(64, 160, 320), blocks=(1, 2, 2)):
        super().__init__()
        self.body = ResNet(channels, blocks, dropout=0.1)
        self.head = nn.Linear(channels[-1], width)

    def forward(self, pictures):
        return self.head(self.body(pictures))


class Clip(nn.Module):
    """Both towers, a projection of the text and a learned temperature (Radford et al. 2021)."""

    def __init__(self, text: CLIPTextModel, width: int = 256):
        super().__init__()
        self.text, self.image = text, ImageTower(width)
        self.text_projection = nn.Linear(text.config.hidden_size, width, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(2.7))

    def encode_text(self, input_ids: torch.Tensor) -> torch.Tensor:
        """[B, L] -> unit vectors [B, width], from the state at the end-of-text token.

        The tower is causal, so padding behind the longest caption changes nothing and is not computed.
        """
        longest = int((input_ids == EOS_ID).int().argmax(1).max()) + 1
        input_ids = input_ids[:, :longest]
        return F.normalize(self.text_projection(self.text(input_ids=input_ids).pooler_output).float(), dim=-1)

    def encode_image(self, pictures: torch.Tensor) -> torch.Tensor:
        """[B, 3, 64, 64] -> unit vectors [B, width]."""
        return F.normalize(self.image(pictures).float(), dim=-1)

    def loss(self, text: torch.Tensor, image: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
        """Contrastive loss both ways; `positive` bool [B_text, B_image] says which captions fit which pictures.

        Where several fit, they share the target evenly. Every row and column needs at least one.
        """
        logits = text @ image.T * self.log_scale.exp().clamp(max=100)
        target = positive.float()
        by_text = F.cross_entropy(logits, target / target.sum(1, keepdim=True))
        by_image = F.cross_entropy(logits.T, (target / target.sum(0)).T)
        return (by_text + by_image) / 2


class Anchors(nn.Module):
    """One learned unit vector per concept that both towers are pulled to; only used while training.

    A batch shows each picture a hundred wrong captions, the anchors show it every other concept: at a few thousand
    steps that is what makes the towers learn names at all (see the training log). Proxy-NCA (Movshovitz-Attias 2017).
    """

    def __init__(self, concepts: int, width: int = 256):
        super().__init__()
        self.vectors = nn.Parameter(0.05 * torch.randn(concepts, width))  # short, so that they turn quickly
        self.log_scale = nn.Parameter(torch.tensor(3.0))

    def loss(self, vectors: torch.Tensor, concept: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of unit vectors [B, width] over all anchors against concept ids [B]."""
        logits = vectors @ F.normalize(self.vectors, dim=-1).T * self.log_scale.exp().clamp(max=100)
        return F.cross_entropy(logits, concept, label_smoothing=0.05)
