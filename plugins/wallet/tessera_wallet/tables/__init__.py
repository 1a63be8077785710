"""What members have paid ahead, as rows: each kind of it in a module of its own."""
