"""English as it is written in London."""
