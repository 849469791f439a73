"""Write `decisions.json` anew. Read the diff: every changed line is a changed promise."""

from tests.golden.golden import DECISIONS, as_text, decisions

if __name__ == "__main__":
    DECISIONS.write_text(as_text(decisions()), encoding="utf-8")
