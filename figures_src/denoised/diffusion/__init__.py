"""Diffusion and flow matching in a few short files that need torch and nothing else."""
