"""Inside the tunnel: the U-Net watched, cut and misled while it works."""
