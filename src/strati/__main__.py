"""`python -m strati` is the command line."""

from strati.cli import main

main()
