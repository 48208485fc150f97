"""The VAE as a librarian: is anything looked up, and is anything remembered?"""
