"""Numbers -> frozen results: numpy and scipy at the core, pingouin and statsmodels where they are the choice."""
