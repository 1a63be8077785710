"""Who may do what: stores and circles, staff and roles, sessions and API keys, sealed values."""
