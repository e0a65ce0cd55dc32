"""The last mile: what a stack can lose without getting worse, as experiments that one gate decides."""
