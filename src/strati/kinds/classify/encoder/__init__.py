"""A small encoder fine-tuned on the labels of a task."""
