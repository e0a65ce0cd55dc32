"""From paths to kept documents: `discover` finds files, `worker` processes read them, `pipeline` keeps them."""
