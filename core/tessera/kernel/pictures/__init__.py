"""Pictures that people bring: decoded in a process of its own, written anew without what a camera adds."""

from tessera.kernel.pictures.asking import DECODED, Picture, Unreadable, redraw

__all__ = ["DECODED", "Picture", "Unreadable", "redraw"]
