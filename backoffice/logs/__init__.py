"""The log: one line for each thing that happened, in JSON or plain."""
