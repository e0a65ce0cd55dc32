"""The pages: rendered on the server, a little plain JavaScript, nothing from elsewhere."""
