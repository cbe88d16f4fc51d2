"""The API of the machine: files in, their story out, feeds synced."""
