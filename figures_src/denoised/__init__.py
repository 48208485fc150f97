"""Denoised: image diffusion models, opened up on real models small enough to train on two CPU cores."""
