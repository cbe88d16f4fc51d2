"""The audit log: who signed in, who changed access, who looked at personal data."""
