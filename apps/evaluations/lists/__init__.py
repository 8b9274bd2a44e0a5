"""The lists of suites, cases, runs, reports, drafts and schedules; import the modules."""
