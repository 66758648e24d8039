"""Random texts for filters: some like filters, some like nothing.

How does this work?  `filters` joins words, operators and brackets as somebody might who does not look: many of these
texts can be read, the others are wrong in all the ways that there are.
"""

from hypothesis import strategies as st

WORDS = [
    "online", "idle", "all", "and", "or", "not", "name", "id", "memory", "since", "pool", "status", "wake", "xyz",
    "render-0*", "32GB", "3-7", "1", "-2h", "today", "2026-11-01", "yes", "none", "enabled", "50%", '"a b"', "'x'",
    "most_tasks", "load", "[a-f]", "name=a*", "status=enabled", "memory>=32GB", "since>-2h", "id=1,2-3", "not idle",
]  # fmt: skip
SIGNS = ["=", "!=", "<", "<=", ">", ">=", "~", "!~", ",", "(", ")", " ", "..", "-", "*", "!", '"', "'", "==", "&&"]


def filters() -> st.SearchStrategy[str]:
    pieces = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(SIGNS)), max_size=12)
    return st.one_of(st.text(max_size=40), pieces.map("".join), pieces.map(" ".join), well_formed())


def well_formed() -> st.SearchStrategy[str]:
    """Texts that can nearly always be read."""
    leaves = st.sampled_from([word for word in WORDS if "=" in word or word in {"online", "idle", "all", "3-7", "xyz"}])

    def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(parts, st.sampled_from([" ", " and ", " or ", " OR not "]), parts).map("".join),
            parts.map("({})".format),
            parts.map("not {}".format),
        )

    return st.recursive(leaves, joined, max_leaves=6)
