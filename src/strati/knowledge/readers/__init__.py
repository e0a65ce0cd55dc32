"""One reader a file; `strati.knowledge.reader` has their contract and the table of them."""
