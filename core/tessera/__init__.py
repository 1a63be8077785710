"""Tessera: a small membership CRM whose industries are plugins."""

__version__ = "0.1.0"
