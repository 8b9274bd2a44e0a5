"""What models may cost: reserved before each attempt, settled after it."""
