"""What the pages show, gathered and put in order; import the modules."""
