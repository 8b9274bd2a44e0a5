"""What every call was and cost, written in batches behind those who called."""
