from __future__ import annotations

import pytest

from metareview.errors import ProblemsFound
from metareview.ingest.problems import (
    KEEP,
    Problem,
    Problems,
    column_letters,
    count_problems,
    raise_if_errors,
    render_problems,
    shown,
)


def broken(row: int, column: str = "value", rule: str = "a number is expected") -> Problem:
    return Problem("results.csv", row, column, f"results!C{row}", "x", rule, "write it like 0.854")


def test_a_problem_says_where_what_rule_remedy() -> None:
    assert str(broken(14)) == (
        "results.csv line 14, column value (results!C14): found 'x'; a number is expected; write it like 0.854"
    )


def test_a_sheet_has_rows_and_a_warning_says_so() -> None:
    problem = Problem.of_file("review.xlsx", "a cell", "a rule", "", row=7, sheet="results", severity="warning")
    assert str(problem) == "review.xlsx row 7 (results!7:7): warning: a cell; a rule"


def test_control_characters_never_reach_a_terminal() -> None:
    problem = Problem.of_file("a\x1b[2Jb.csv", "found\n", "rule", "remedy")
    assert str(problem) == "a\\x1b[2Jb.csv: found\\x0a; rule; remedy"


def test_the_total_of_a_broken_column_is_exact_and_its_text_is_short() -> None:
    problems = Problems()
    problems.add_many(100_000, lambda index: broken(index + 2))
    problems.add(broken(5, column="n"))
    assert (problems.total, problems.errors, problems.warnings) == (100_001, 100_001, 0)
    kept = problems.sorted()
    assert len(kept) == KEEP + 1
    assert count_problems(kept) == (100_001, 0)
    lines = render_problems("small", kept, 2).splitlines()
    assert lines[0] == "small: 100,001 problems"
    assert lines[3] == "  … and 99,998 more like this"
    assert len(lines) == 5


def test_shown_counts_what_it_hides_exactly() -> None:
    problems = [broken(row) for row in range(2, 12)]
    for limit in range(1, 12):
        assert sum(1 + problem.more for problem in shown(problems, limit)) == 10
    assert shown(problems, 0) == tuple(problems)


def test_problems_are_sorted_by_file_row_and_column() -> None:
    problems = Problems()
    z9, aa2, c2 = (
        Problem("results.csv", row, "c", f"results!{letters}{row}", "", f"rule {letters}", "")
        for letters, row in (("Z", 9), ("AA", 2), ("C", 2))
    )
    other = Problem("experiments.csv", 3, "c", "experiments!A3", "", "rule", "")
    problems.extend([z9, aa2, c2, other])
    assert problems.sorted(["results.csv", "experiments.csv"]) == (c2, aa2, z9, other)


def test_raise_if_errors_lets_warnings_pass() -> None:
    warning = Problem.of_file("results.csv", "found", "rule", "remedy", severity="warning")
    raise_if_errors("small", [warning])
    with pytest.raises(ProblemsFound, match="small: 1 problem, 1 warning"):
        raise_if_errors("small", [warning, broken(2)])


def test_column_letters_reach_the_last_column_of_excel() -> None:
    assert column_letters(16_383) == "XFD"
