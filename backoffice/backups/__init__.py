"""Backups of the database: made, kept, listed, restored, and proved by restoring."""
