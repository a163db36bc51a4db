"""What the simulated PBX and a real Asterisk must both do: the same scenarios, run against either."""
