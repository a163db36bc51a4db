"""Files of clients and of forbidden numbers, read into the database."""
