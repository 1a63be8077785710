"""What a person has to do: opened by rules, by plugins and by Tessera itself, done with an outcome."""
