"""Questions to a knowledge base, answered with evidence or withheld; texts checked against it.

from strati.knowledge.ask import ask, check_text

reply = ask(base, "When does the lease end?")
report = check_text(base, "The lease ends in May.")
"""

from strati.knowledge.ask.answer import ask
from strati.knowledge.ask.reply import Reply, Sentence
from strati.knowledge.ask.report import Checked, CheckReport, check_text
from strati.knowledge.ask.sources import Citation

__all__ = ["CheckReport", "Checked", "Citation", "Reply", "Sentence", "ask", "check_text"]
