"""Whether the back office is alive and ready, and figures for those who watch it."""
