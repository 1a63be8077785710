"""Prepaid packs: sessions bought ahead, used one by one."""
