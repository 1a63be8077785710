"""What every room stands on: settings, database, plugin host, events, due work, texts."""
