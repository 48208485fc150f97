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


class _Block(nn.Module):
    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, cin), nn.SiLU(), nn.Conv2d(cin, cout, 3, padding=1),
            nn.GroupNorm(8, cout), nn.SiLU(), nn.Conv2d(cout, cout, 3, padding=1),
        )  # fmt: skip
        self.skip = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x):
        return self.skip(x) + self.body(x)


class ImageTower(nn.Module):
    """Pictures [B, 3, 64, 64] in [-1, 1] -> features [B, width]."""

    def __init__(self, width: int = 256, channels=(32, 64, 128, 192)):
        super().__init__()
        self.stem = nn.Conv2d(3, channels[0], 4, stride=2, padding=1)  # 64 -> 32
        blocks = []
        for cin, cout in zip(channels, channels[1:] + channels[-1:], strict=True):
            blocks += [_Block(cin, cout), nn.AvgPool2d(2)]  # 32 -> 16 -> 8 -> 4 -> 2
        self.body = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.Flatten(), nn.LayerNorm(channels[-1] * 4), nn.Linear(channels[-1] * 4, width))

    def forward(self, pictures):
        return self.head(self.body(self.stem(pictures)))


class Clip(nn.Module):
    """Both towers, a projection of the text and the sigmoid loss's scale and bias (Zhai et al. 2023, SigLIP)."""

    def __init__(self, text: CLIPTextModel, width: int = 256):
        super().__init__()
        self.text, self.image = text, ImageTower(width)
        self.text_projection = nn.Linear(text.config.hidden_size, width, bias=False)
        self.log_scale, self.bias = nn.Parameter(torch.tensor(2.3)), nn.Parameter(torch.tensor(-5.0))

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
        """Sigmoid loss over all pairs; `positive` bool [B_text, B_image] says which captions fit which pictures."""
        logits = text @ image.T * self.log_scale.exp() + self.bias
        sign = positive.float() * 2 - 1
        return -F.logsigmoid(sign * logits).sum() / len(text)
