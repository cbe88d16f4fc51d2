"""What a token of an outside system or app may be for."""

SCOPES = {
    "read": "read records, the ingestion log and its files",
    "ingest": "hand files in, map their columns, withdraw and retry them",
    "approve": "approve, reject and undo",
    "sync": "have feeds synced, pause and resume them",
}
