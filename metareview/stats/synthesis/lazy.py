"""Properties of frozen results that are computed on first access and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload
from weakref import WeakKeyDictionary

__all__ = ["lazy", "remember"]

T = TypeVar("T")

_MEMO: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def remember(owner: Any, key: str, make: Callable[[], T]) -> T:
    """Return what `make` gave for this object and key, calling it at most once while the object lives."""
    memo = _MEMO.setdefault(owner, {})
    if key not in memo:
        memo[key] = make()
    value: T = memo[key]
    return value


class lazy(Generic[T]):
    """Like `property`, computed once per object; the object must allow weak references."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> lazy[T] | T:
        if instance is None:
            return self
        return remember(instance, self.name, lambda: self.function(instance))
