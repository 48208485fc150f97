"""The table of every training run. A preset is saved beside the weights that it made."""

from dataclasses import dataclass, field

from denoised.errors import DenoisedError


@dataclass(frozen=True)
class Preset:
    """One run: what is trained, on what, for how long."""

    name: str
    kind: str  # which trainer, see training/run.py
    samples: int  # length of the run; the rate cools down over its last quarter
    batch: int
    lr: float
    seed: int = 0
    warmup: int = 2_000  # samples
    weight_decay: float = 0.0
    ema: float = 0.999  # per optimizer step
    clip_norm: float = 1.0
    cooldown: float = 0.25  # share of the run; 0 for a stage that another one goes on from
    extra: dict = field(default_factory=dict)  # options of the trainer; "keep": lessons after which the average is kept


_PRESETS = (
    Preset("vae", "vae", samples=100_000, batch=24, lr=1.5e-3, extra={"kl": 1e-6, "equivariance": 0.2}),
    Preset("vae-long", "vae", samples=200_000, batch=24, lr=1.2e-3, seed=1,
           extra={"kl": 1e-6, "equivariance": 0.15, "l2": 4.0, "start": "vae"}),
    Preset("vae-decoder", "decoder", samples=40_000, batch=24, lr=1e-3, extra={"style": "base"}),
    Preset("decoder-openmoji", "decoder", samples=20_000, batch=24, lr=5e-4, extra={"style": "openmoji"}),
    Preset("decoder-noto", "decoder", samples=20_000, batch=24, lr=5e-4, extra={"style": "noto"}),
    Preset("decoder-twemoji", "decoder", samples=20_000, batch=24, lr=5e-4, extra={"style": "twemoji"}),
    # Tiny decoders from nothing on the same latents: one that has seen of everything, and four that have not.
    *(Preset(f"tiny-{diet}", "tiny", samples=36_000, batch=32, lr=2e-3, ema=0.998, extra={"icons": 480, "diet": diet})
      for diet in ("balanced", "women", "men", "light", "plants")),
    # A whole AutoencoderTiny that stands in for the autoencoder: the same latents, a quarter of the work or less.
    Preset("tiny-vae", "tiny-vae", samples=320_000, batch=8, lr=1.5e-3, warmup=4_000, seed=4, extra={"l2": 4.0}),
    Preset("clip", "clip", samples=600_000, batch=128, lr=1.5e-3, weight_decay=0.1, warmup=12_000),
    Preset("critic", "judge", samples=300_000, batch=128, lr=1.5e-3, seed=3, weight_decay=0.1, warmup=12_000,
           extra={"own_slice": False, "reconstructions": 0.0}),
    Preset("judge", "judge", samples=500_000, batch=128, lr=1.5e-3, seed=5, weight_decay=0.1, warmup=12_000,
           extra={"own_slice": True, "reconstructions": 0.3}),
    # Its second run: longer, milder, by direction alone. Seconds the first judge's opinions (studies/opinions.py).
    Preset("judge2", "judge", samples=1_500_000, batch=128, lr=1.2e-3, seed=6, weight_decay=0.1, warmup=12_000,
           extra={"own_slice": True, "reconstructions": 0.3, "cosine": True, "start": "judge", "grey": 0.15, "turn": 0.2,
                  "zoom": 0.2}),
    Preset("unet-64px", "unet", samples=400_000, batch=64, lr=4e-4, weight_decay=0.01, warmup=10_000,
           extra={"pixels": 64, "shift": 0.5}),
    Preset("unet", "unet", samples=150_000, batch=32, lr=3e-4, weight_decay=0.01, warmup=2_000,
           extra={"pixels": 128, "shift": 0.7, "start": "unet-64px"}),
    # A second round: better text states and latents, from the first round's weights.
    Preset("unet2-64px", "unet", samples=400_000, batch=64, lr=4e-4, weight_decay=0.01, warmup=3_000, seed=1,
           extra={"pixels": 64, "shift": 0.5, "start": "unet"}),
    Preset("unet2", "unet", samples=400_000, batch=32, lr=3e-4, weight_decay=0.01, warmup=2_000, seed=1,
           extra={"pixels": 128, "shift": 0.7, "start": "unet2-64px"}),
    # A third round, longer. The first stage is not cooled down, since the second starts at the full rate again.
    Preset("unet3-64px", "unet", samples=400_000, batch=64, lr=4e-4, weight_decay=0.01, warmup=3_000, seed=2,
           cooldown=0.0, extra={"pixels": 64, "shift": 0.5, "start": "unet2"}),
    Preset("unet3", "unet", samples=400_000, batch=32, lr=3e-4, weight_decay=0.01, warmup=2_000, seed=2,
           extra={"pixels": 128, "shift": 0.7, "start": "unet3-64px"}),
    # The other way: a transformer as large as the U-Net, on the same lessons, that learns a flow.
    Preset("dit-64px", "dit", samples=256_000, batch=64, lr=8e-4, weight_decay=0.01, warmup=16_000, seed=6,
           cooldown=0.0, extra={"pixels": 64, "keep": [51_200, 102_400, 256_000]}),
    Preset("dit", "dit", samples=160_000, batch=32, lr=5e-4, weight_decay=0.01, warmup=4_000, seed=6,
           extra={"pixels": 128, "start": "dit-64px"}),
    # A fifth of that size, for the open box: what a reader waits for is megabytes.
    Preset("small-64px", "small", samples=320_000, batch=64, lr=1e-3, weight_decay=0.01, warmup=16_000, seed=8,
           cooldown=0.0, extra={"pixels": 64, "keep": [25_600, 51_200, 102_400, 204_800, 307_200]}),
    Preset("small", "small", samples=600_000, batch=32, lr=7e-4, weight_decay=0.01, warmup=4_000, seed=8,
           extra={"pixels": 128, "start": "small-64px"}),
    # One kind of U-Net in two spaces, for as long: pixels, and the latents of the same icons.
    *(Preset(name, "space", samples=samples, batch=batch, lr=5e-4, weight_decay=0.01, warmup=4_000, seed=10,
             extra={"space": name}) for name, samples, batch in (("pixels", 56_000, 16), ("latents", 200_000, 32))),
    # And a third way: the same icons as tokens, told one after the other.
    Preset("tokenizer", "tokenizer", samples=40_000, batch=32, lr=2e-3, weight_decay=0.01, warmup=640, seed=11),
    Preset("teller", "teller", samples=40_000, batch=16, lr=5e-4, weight_decay=0.05, warmup=4_000, seed=12,
           extra={"tokenizer": "tokenizer"}),
    # An adapter with which the U-Net draws in four steps, taught by itself (progressive distillation in one round).
    Preset("student", "student", samples=80_000, batch=32, lr=1e-3, warmup=2_000, seed=3, ema=0.995,
           extra={"rank": 16, "steps": 4, "teacher_steps": 8, "guidance": 3.0, "pictures": 8_192}),
    # The small transformer, taught by the large one in the same way: it is the one that a reader's browser loads first.
    Preset("small-student", "small-student", samples=600_000, batch=32, lr=5e-4, warmup=4_000, seed=9,
           extra={"start": "small", "steps": 4, "teacher_steps": 8, "guidance": 3.0, "pictures": 12_288}),
)  # fmt: skip
PRESETS = {preset.name: preset for preset in _PRESETS}
STUDIED = ("space", "tokenizer", "teller")  # kinds of which only a study's results are shipped
SHIPPED = [name for name, preset in PRESETS.items() if preset.kind not in STUDIED]


def preset(name: str) -> Preset:
    """Look a preset up; an unknown name raises DenoisedError that lists the known ones."""
    if name not in PRESETS:
        raise DenoisedError(f"There is no preset '{name}': choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]
