"""What spans rooms: the first page, and the member as page and as JSON."""
