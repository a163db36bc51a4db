"""Statistics from hourly sums of attempts, interactions and agents' time, asked by any dimension."""
