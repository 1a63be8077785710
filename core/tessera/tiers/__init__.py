"""Tiers: what they take, what they give, who is in which, and why."""
