"""Which customers are meant: conditions as values, compiled to SQL, counted before anybody acts on them."""
