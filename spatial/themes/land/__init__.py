"""Land: zones and lines that partition it, its uses, and the ledger of quotas."""
