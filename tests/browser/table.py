"""The table of examples/datatables.html in a browser, as a person uses it.

How does this work?  `Table` turns pages, clicks on headings, types into the search and chooses a length, and waits each
time until what was asked for last is what is shown.  A script in the page notes when DataTables asks and when it has
drawn, so that `took` says what each page cost, in milliseconds: the request, the server's work, the rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.harness import FROM_NPM, Visit
from tests.line.harness import CHECKOUT

FILE = CHECKOUT / "examples" / "datatables.html"
AT = "tables/"  # one folder below the server's address
COLUMNS = ("id", "name", "owner", "state", "priority", "progress", "submitted")
NOTING = """
window.draws = { asked: 0, shown: 0, took: [] };
let began = 0;
document.addEventListener("preXhr", event => { draws.asked = event._args[1].draw; began = performance.now(); });
document.addEventListener("draw", event => {
  draws.shown = event.dt.ajax.json().draw;
  draws.took.push(performance.now() - began);
});
"""
ROWS = "rows => rows.map(row => Array.from(row.cells, cell => cell.textContent))"


def without_datatables() -> str:
    """Why there can be no table, or nothing."""
    there = (FROM_NPM / "datatables.net").is_dir()
    return "" if there else "There is no DataTables here; with npm on PATH: npm ci --prefix tests/browser."


class Table:
    """The table on its page; its first page is shown when it is made."""

    def __init__(self, visit: Visit) -> None:
        self.page = visit.page
        visit.serve(f"{AT}node_modules/", FROM_NPM)
        visit.serve(AT + FILE.name, FILE)
        self.page.add_init_script(NOTING)
        with self.drawing():
            visit.open(AT + FILE.name)

    @contextmanager
    def drawing(self, before: int = 0) -> Iterator[None]:
        """Waits until a draw is shown that is asked for within."""
        yield
        self.page.wait_for_function("before => draws.asked > before && draws.shown === draws.asked", arg=before)

    def turn(self, to: str) -> None:
        """To the `first`, `previous`, `next` or `last` page, or to one whose number is shown."""
        with self.drawing(self.asked):
            self.page.get_by_role("navigation").locator(f'[data-dt-idx="{to}"]').click()

    def sort(self, heading: str) -> None:
        """Click on a heading: up, then down, then as it was."""
        with self.drawing(self.asked):
            self.page.get_by_role("columnheader", name=heading).click()

    def search(self, text: str) -> None:
        with self.drawing(self.asked):
            self.page.get_by_label("Search:").press_sequentially(text)

    def search_nothing(self) -> None:
        with self.drawing(self.asked):
            self.page.get_by_label("Search:").clear()

    def show(self, length: int) -> None:
        with self.drawing(self.asked):
            self.page.get_by_label("entries per page").select_option(str(length))

    @property
    def asked(self) -> int:
        return int(self.page.evaluate("draws.asked"))

    @property
    def took(self) -> list[float]:
        """Milliseconds of each page."""
        return list(self.page.evaluate("draws.took"))

    @property
    def rows(self) -> list[dict[str, str]]:
        cells = self.page.locator("#jobs tbody tr").evaluate_all(ROWS)
        return [dict(zip(COLUMNS, each, strict=True)) for each in cells]

    @property
    def told(self) -> str:
        """What stands below the table."""
        return self.page.get_by_role("status").inner_text()

    @property
    def trouble(self) -> str:
        return self.page.get_by_role("alert").inner_text()
