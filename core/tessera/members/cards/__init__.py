"""What the member page shows beside the profile, each card with its own context."""
