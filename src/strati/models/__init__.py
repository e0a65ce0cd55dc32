"""Model adapters: the edge of strati. Each one fills a protocol of `strati.model`; nothing in the core imports them."""
