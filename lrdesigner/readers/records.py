"""Inert stand-ins for what a pickle makes: they remember what they were given and do nothing.

Unpickling calls what stands in the pickle's place of a class, sets its state, appends and adds to it. All of that ends
in the methods here, which keep the values and run nothing. Nor can a pickle change these classes for the next one.
"""

from __future__ import annotations

from typing import Any


class Inert(type):
    """Type of every stand-in for a class or function. A pickle can set attributes of classes (BUILD): not of these."""

    path: tuple[str, str]

    def __setattr__(cls, name: str, value: object) -> None:
        raise TypeError("a pickle may not change a class")

    @property
    def last_name(cls) -> str:
        """The class's own name: `Inner` of `package.module.Outer.Inner`."""
        return cls.path[1].rpartition(".")[2]

    @property
    def full_name(cls) -> str:
        """With its module."""
        return ".".join(part for part in cls.path if part)


class Stub(metaclass=Inert):
    """An object of any class: what it was called with, its state, and its items if it is a container."""

    __slots__ = ("args", "items", "more", "state")
    path = ("", "")
    args: tuple[object, ...]
    state: object
    items: dict[Any, object] | None
    more: list[object] | None

    def __new__(cls, *args: object, **_: object) -> Stub:  # noqa: D102
        self = object.__new__(cls)
        self.args = args
        self.state = None
        self.items = None
        self.more = None
        return self

    def __call__(self, *args: object, **_: object) -> Stub:  # noqa: D102
        return Stub(*args)

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: object) -> None:
        if self.items is None:
            self.items = {}
        self.items[key] = value

    def append(self, value: object) -> None:
        """Of list subclasses and deques."""
        if self.more is None:
            self.more = []
        self.more.append(value)

    def extend(self, values: Any) -> None:
        """Of list subclasses; pickles give a list."""
        for value in values:
            self.append(value)

    def add(self, value: object) -> None:
        """Of set subclasses."""
        self.append(value)


class DType(metaclass=Inert):
    """A `torch.dtype`; never called."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __setstate__(self, state: object) -> None:
        return


class Storage(metaclass=Inert):
    """The numbers behind tensors: equal keys are the same memory. `dtype` is "" for untyped ones."""

    __slots__ = ("dtype", "key")

    def __init__(self, key: object, dtype: str) -> None:
        self.key = key
        self.dtype = dtype

    def __setstate__(self, state: object) -> None:
        return


class Tensor(metaclass=Inert):
    """A tensor as the file describes it. The fields are what the pickle gave, unchecked; see `shape_of`."""

    __slots__ = ("dtype", "is_parameter", "lazy", "offset", "requires_grad", "shape", "storage", "stride")

    def __init__(
        self, storage: object, offset: object, shape: object, stride: object, requires_grad: object, dtype: object
    ) -> None:
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.stride = stride
        self.requires_grad = requires_grad
        self.dtype = dtype
        self.is_parameter = False
        self.lazy = False

    def __setstate__(self, state: object) -> None:
        return

    @property
    def dtype_name(self) -> str:
        """As torch writes it, without "torch."."""
        if isinstance(self.dtype, DType):
            return self.dtype.name
        return self.storage.dtype if isinstance(self.storage, Storage) and self.storage.dtype else "unknown"

    def place(self, shape: list[int]) -> object:
        """Equal for two tensors that are the same numbers in memory; the tensor itself where that is not known."""
        storage, stride = self.storage, self.stride
        if not isinstance(storage, Storage) or type(storage.key) not in _PLAIN or type(self.offset) is not int:
            return id(self)
        # Nothing else is hashed: hashing tuples in tuples recurses in C.
        if type(stride) is not tuple:
            return id(self)
        for step in stride:
            if type(step) is not int:
                return id(self)
        return storage.key, self.offset, tuple(shape), stride


_PLAIN = (str, int)
LARGEST_SIZE = 2**63 - 1
MOST_DIMENSIONS = 64


def shape_of(tensor: Tensor) -> list[int] | None:
    """Its shape as plain numbers; None when torch could make no such tensor."""
    shape = tensor.shape
    if type(shape) is not tuple and type(shape) is not list:
        return None
    numel = 1
    for size in shape:
        if type(size) is not int or not 0 <= size <= LARGEST_SIZE:
            return None
        numel *= size
    return list(shape) if len(shape) <= MOST_DIMENSIONS and numel <= LARGEST_SIZE else None
