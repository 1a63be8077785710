"""Tessera: a small membership CRM whose industries are plugins."""
