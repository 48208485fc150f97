"""What is called "latent space": the autoencoder's, the text encoder's, and the noise that a run starts from."""
