"""Record types: what plugins keep about members, and everything that follows from one declaration."""
