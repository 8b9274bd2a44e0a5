"""How models perform: figures out of the counts by the minute."""
