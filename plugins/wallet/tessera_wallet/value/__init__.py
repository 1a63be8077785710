"""Stored value: money paid ahead, principal and bonus apart, in one currency each."""
