"""The ledger: what was told of claims and premiums, and the books that follow."""
