"""Pages of suites, their cases, their runs, feedback and schedules; import the modules."""
