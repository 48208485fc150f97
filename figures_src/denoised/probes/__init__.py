"""Measuring instruments: what figures hold against latents and pictures."""
