"""The till: who buys, what, at which price, paid how; one confirmation, one receipt."""
