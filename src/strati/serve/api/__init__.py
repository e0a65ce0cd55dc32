"""What programs speak to: /v1 as OpenAI's clients expect it, /api with all that strati knows of an answer."""
