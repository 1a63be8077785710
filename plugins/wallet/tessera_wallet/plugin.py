"""Where the core meets this plugin: one function per hook, no logic."""
