"""The VAE: what it keeps, what its KL term does, and whose hand is in the finished picture."""
