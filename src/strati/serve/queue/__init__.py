"""What waits for people: leased to one reviewer at a time, decided, released exactly once."""
