"""What anyone may ask for; only the services move an ingestion's state."""
