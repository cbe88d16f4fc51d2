"""The read API of the domain's records, one module per module of models."""
