"""The ledger: what members have earned, what they spent of it, and why; append-only, lock first."""
