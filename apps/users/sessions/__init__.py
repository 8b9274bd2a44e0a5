"""Sessions of people: each is a row that is read with every request, so that ending it counts at once, everywhere."""
