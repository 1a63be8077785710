"""The audit: who did or saw what, noted in the transaction, sealed in batches, watched for what is unusual."""

from tessera.access.audit.noting import note

__all__ = ["note"]
