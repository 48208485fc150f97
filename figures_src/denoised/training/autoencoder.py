"""Train the autoencoder, and decoders for single styles on its frozen encoder."""

import torch
import torch.nn.functional as F

from denoised.models import vae as vae_model
from denoised.training import images, loop, store
from denoised.training.presets import Preset


def gradient_l1(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of horizontal and vertical pixel differences: edges, where flat art lives."""
    dx = (a[..., 1:] - a[..., :-1]) - (b[..., 1:] - b[..., :-1])
    dy = (a[..., 1:, :] - a[..., :-1, :]) - (b[..., 1:, :] - b[..., :-1, :])
    return dx.abs().mean() + dy.abs().mean()


def reconstruction_loss(y: torch.Tensor, x: torch.Tensor, l2: float = 1.0) -> torch.Tensor:
    """L1 + L2 + gradient L1 of float32 pictures in [-1, 1]."""
    return F.l1_loss(y, x) + l2 * F.mse_loss(y, x) + 0.5 * gradient_l1(y, x)


def psnr_of(vae, pictures: torch.Tensor, batch: int = 16) -> float:
    """Mean over icons of 10 log10(1 / MSE) on [0, 1], whole 128 px icons, latent mean, clipped output."""
    values = []
    for part in pictures.split(batch):
        x = images.to_float(part)
        with torch.no_grad(), loop.bf16():
            y = vae.decode(vae.encode(x).latent_dist.mode()).sample
        error = ((y.float().clamp(-1, 1) - x) / 2).square().mean((1, 2, 3)).clamp_min(1e-10)
        values.append(-10 * error.log10())
    return round(torch.cat(values).mean().item(), 3)


def held_out(n: int, seed: int = 0) -> torch.Tensor:
    """n icons of held-out concepts, seeded."""
    _, pictures = images.select(lambda row: row.split == "concept" and row.tone == "none")
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))
    return pictures[order[:n]]


def train_vae(preset: Preset, **limits):
    """The base autoencoder. Returns (vae, report); the latents are centred and scaled at the end.

    extra: kl (weight), equivariance (share of batches), l2 (weight of the squared error), start (the preset
    that made the weights in the repository, from which this one goes on).
    """
    torch.manual_seed(preset.seed)
    l2 = preset.extra.get("l2", 1.0)
    vae = store.load_vae().train() if "start" in preset.extra else vae_model.build()
    vae = vae.to(memory_format=torch.channels_last)
    rows, pictures = images.select(lambda row: row.split == "train")
    trunk = pictures[[i for i, row in enumerate(rows) if images.in_trunk(row)]]
    test = held_out(96)
    kl_weight, equivariance = preset.extra["kl"], preset.extra["equivariance"]

    def loss_of(step, generator):
        # Skin-tone copies and flags are half of all icons; every fourth batch is enough for them.
        x = images.crops(pictures if step % 4 == 3 else trunk, preset.batch, generator)
        small = torch.rand((), generator=generator) < equivariance
        with loop.bf16():
            posterior = vae.encode(x).latent_dist
            noise = torch.randn(posterior.mean.shape, generator=generator)
            z = posterior.mean + posterior.std * noise
            if small:  # EQ-VAE (arXiv 2502.14831): a smaller latent must be the latent of a smaller picture
                z, x = F.avg_pool2d(z, 2), F.avg_pool2d(x, 2)
            y = vae.decode(z).sample.float()
        kl = posterior.kl().float().mean()  # sum over C, H, W, mean over the batch
        reconstruction = reconstruction_loss(y, x, l2)
        return reconstruction + kl_weight * kl, {"reconstruction": reconstruction.item(), "kl": kl.item()}

    report = loop.train(preset, vae, loss_of, lambda: {"psnr": psnr_of(vae, test)}, **limits)
    if not report["finished"]:
        return vae, report
    mean, std = latent_statistics(vae, trunk)
    vae_model.standardize(vae, mean, std)
    report |= {"psnr_held_out": psnr_of(vae, held_out(400))}
    return vae, report


def latent_statistics(vae, pictures: torch.Tensor, n: int = 2000) -> tuple[torch.Tensor, float]:
    """Mean [C] per channel and one standard deviation after centring, over n icons at 128 px."""
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(1))[:n]
    zs = []
    for part in pictures[order].split(16):
        with torch.no_grad(), loop.bf16():
            zs.append(vae.encode(images.to_float(part)).latent_dist.mode().float())
    z = torch.cat(zs)
    mean = z.mean((0, 2, 3))
    return mean, (z - mean[:, None, None]).std().item()


def train_decoder(preset: Preset, vae, **limits):
    """Fine-tune decoder and post_quant_conv on one style; the encoder stays as it is. Returns (vae, report).

    Style "base" polishes the base decoder on all styles: denoisers trained on the encoder's latents stay valid.
    """
    torch.manual_seed(preset.seed)
    vae.requires_grad_(False)
    vae.decoder.requires_grad_(True)
    vae.post_quant_conv.requires_grad_(True)
    style = preset.extra["style"]  # or "base": all of them

    def fits(row) -> bool:
        return style in ("base", row.style)

    _, pictures = images.select(lambda row: row.split == "train" and fits(row))
    if style == "base":
        test = held_out(400)
    else:
        _, test = images.select(lambda row: row.split == "pair" and fits(row) and row.tone == "none")

    def loss_of(step, generator):
        x = images.crops(pictures, preset.batch, generator)
        with loop.bf16():
            with torch.no_grad():
                z = vae.encode(x).latent_dist.mode()
            y = vae.decode(z).sample.float()
        loss = reconstruction_loss(y, x)
        return loss, {}

    report = {"psnr_before": psnr_of(vae, test)}
    report |= loop.train(preset, vae, loss_of, lambda: {"psnr": psnr_of(vae, test[:48])}, **limits)
    report |= {"psnr_after": psnr_of(vae, test)}
    return vae, report
