"""Memberships with a term: products, selling, renewing, holding, ending, and who may enter."""
