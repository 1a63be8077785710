"""Rules: workflows shipped as data, switched on by an integrator, run once for each cause."""
