"""The whole theatre: one prompt in four acts, with every part watched while it plays."""
