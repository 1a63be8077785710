"""Earning rules: what is in force, whom and what it is about, what it gives, and how that is said."""
