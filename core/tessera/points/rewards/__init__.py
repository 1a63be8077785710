"""Rewards: what members can have for their points, and what they took."""
