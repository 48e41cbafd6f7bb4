"""The shapes that travel between clients and the server, as 1.x has them."""
