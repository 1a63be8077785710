"""Coupons: kinds of them, issuing, pricing, using each once, and giving back."""
