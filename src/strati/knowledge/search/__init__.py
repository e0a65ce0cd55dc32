"""Search: a query is parsed (`query`), ranked by words and by meaning, fused (`fusion`), and shown with its places."""
