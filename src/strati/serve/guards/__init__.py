"""Guards: what is looked at before a case goes to a stack, and before an answer goes out."""
