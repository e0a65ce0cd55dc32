"""Threads that own what answers: one a stack, one a base; asynchronous code ends at their queues."""
