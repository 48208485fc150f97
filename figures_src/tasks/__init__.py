"""The build graph: what there is to make, when it counts as made, and the pytask modules that make it."""
