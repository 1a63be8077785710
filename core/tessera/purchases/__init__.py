"""Purchases, returns and visits: the facts that points, tiers and rules stand on."""
