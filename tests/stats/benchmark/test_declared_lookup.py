"""What `review.yaml` declares, looked up by id: one function for rankings, syntheses and leaderboards."""

from __future__ import annotations

import pytest

from metareview.errors import UnknownName
from metareview.schema.review import LeaderboardSpec, find_declared


def board(name: str) -> LeaderboardSpec:
    return LeaderboardSpec(id=name, title=name, datasets=("calls",), metrics=("wer",))


def test_a_declared_thing_is_found_by_its_id() -> None:
    boards = (board("calls"), board("radio"))
    assert find_declared("leaderboard", "radio", boards) is boards[1]


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"leaderboard 'radios' is not known; did you mean 'radio'\?"):
        find_declared("leaderboard", "radios", (board("calls"), board("radio")))
    with pytest.raises(UnknownName, match="ranking 'all' is not known; there is none yet"):
        find_declared("ranking", "all", ())
