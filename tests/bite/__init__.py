"""Do the tests bite? What protects customers is taken out, piece by piece, and a named test must turn red."""
