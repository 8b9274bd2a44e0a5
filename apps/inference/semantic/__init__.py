"""Whether a stored answer may be given for another wording of its question: rules, then a calibrated probability."""
