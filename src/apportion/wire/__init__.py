"""The request and response bodies between clients and the server, as 1.x has them."""
