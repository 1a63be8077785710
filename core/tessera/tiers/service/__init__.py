"""What can be done with tiers."""
