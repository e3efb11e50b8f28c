"""Stand-ins for the functions of torch with which a pickle rebuilds tensors: each notes the tensor's description.

They are classes, as all that a pickle may call here; calling one gives a `Tensor` (or what it wraps). Torch's own are
in `torch/_utils.py` and `torch/_tensor.py`, and the order of the arguments is theirs.
"""

from __future__ import annotations

import re
from typing import Any

from lrdesigner.readers.records import DType, Inert, Storage, Stub, Tensor

STORAGE_DTYPES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "QInt8": "qint8",
    "QInt32": "qint32",
    "QUInt8": "quint8",
    "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4",
    "Untyped": "",
}
_DTYPE = re.compile(r"(?:u?int\d+|q(?:u?int)\d+(?:x\d+)?|b?float\d+\w*|complex\d+|bool|bits\w+)\Z")
_ALIASES = {"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32"}
_STORAGE_IN_BYTES = re.compile(rb"torch(?:\.\w+)?\n(\w+)Storage\n")


class _OrderedDict(dict[Any, Any], metaclass=Inert):
    """Has no attributes: a state (`_metadata` of a state_dict) cannot hide the methods of the dictionary."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        return


class _Compiled(metaclass=Inert):
    """What `torch.compile` puts around a module and is called with it again."""

    def __new__(cls, module: Any = None, *_: object) -> Any:
        return Stub() if module is None else module


class _Size(metaclass=Inert):
    def __new__(cls, sizes: object = ()) -> Any:
        return sizes


class _TensorV2(metaclass=Inert):
    def __new__(cls, storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, *_: object) -> Any:
        return Tensor(storage, offset, size, stride, requires_grad, None)


class _TensorV3(metaclass=Inert):
    def __new__(
        cls, storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, _hooks: Any, dtype: Any, *_: object
    ) -> Any:
        return Tensor(storage, offset, size, stride, requires_grad, dtype)


class _Quantized(metaclass=Inert):
    def __new__(
        cls, storage: Any, offset: Any, size: Any, stride: Any, _quantizer: Any, requires_grad: Any = False, *_: object
    ) -> Any:
        return Tensor(storage, offset, size, stride, requires_grad, None)


class _Meta(metaclass=Inert):
    def __new__(cls, dtype: Any, size: Any, stride: Any, requires_grad: Any = False, *_: object) -> Any:
        return Tensor(None, 0, size, stride, requires_grad, dtype)


class _Wrapper(metaclass=Inert):
    def __new__(cls, _type: Any, dtype: Any, size: Any, stride: Any, offset: Any, *others: Any) -> Any:
        return Tensor(None, offset, size, stride, others[2] if len(others) > 2 else False, dtype)


class _Sparse(metaclass=Inert):
    def __new__(cls, _layout: Any, data: Any, *_: object) -> Any:
        if type(data) is not tuple or len(data) < 3:
            return Stub(data)
        coordinates = len(data) == 3 or isinstance(data[3], bool)
        values, size = (data[1], data[2]) if coordinates else (data[2], data[3])
        storage = Storage(id(values), values.dtype_name) if isinstance(values, Tensor) else None
        return Tensor(storage, 0, size, None, False, None)


class _Copied(metaclass=Inert):
    """From a tensor of the CPU, or from a NumPy array, whose state is (version, shape, ...)."""

    def __new__(cls, data: Any, dtype: Any, _device: Any, requires_grad: Any = False, *_: object) -> Any:
        if isinstance(data, Tensor):
            return Tensor(data.storage, data.offset, data.shape, data.stride, requires_grad, dtype)
        state = data.state if isinstance(data, Stub) else None
        shape = state[1] if type(state) is tuple and len(state) > 1 else None
        return Tensor(None, 0, shape, None, requires_grad, dtype)


class _Parameter(metaclass=Inert):
    def __new__(cls, data: Any, requires_grad: Any = True, *_: object) -> Any:
        if not isinstance(data, Tensor):
            return data
        found = Tensor(data.storage, data.offset, data.shape, data.stride, requires_grad, data.dtype)
        found.is_parameter = True
        return found


class _FromType(metaclass=Inert):
    def __new__(cls, function: Any, new_type: Any, args: Any, *_: object) -> Any:
        found = function(*args) if isinstance(function, Inert) and type(args) is tuple else None
        if isinstance(found, Tensor) and isinstance(new_type, Inert) and getattr(new_type, "path", "") in PARAMETERS:
            found.is_parameter = True
        return found


class _LazyParameter(metaclass=Inert):
    """Torch keeps of these whether they are trained, not their dtype: what they are made with again is the default."""

    def __new__(cls, requires_grad: Any = True, *_: object) -> Any:
        found = Tensor(None, 0, (), (), requires_grad, DType("float32"))
        found.is_parameter = found.lazy = True
        return found


class _LazyBuffer(metaclass=Inert):
    def __new__(cls, requires_grad: Any = False, *_: object) -> Any:
        found = Tensor(None, 0, (), (), False, DType("float32"))
        found.lazy = True
        return found


class _StorageFromBytes(metaclass=Inert):
    """A storage inside a plain pickle: the bytes are a checkpoint of their own, which names the type near its start."""

    def __new__(cls, data: Any = b"", *_: object) -> Any:
        found = _STORAGE_IN_BYTES.search(data, 0, 2000) if isinstance(data, bytes) else None
        return Storage(id(data), STORAGE_DTYPES.get(found[1].decode(), "") if found else "")


class _Reconstructor(metaclass=Inert):
    """`copyreg._reconstructor`, with which the oldest pickles make objects."""

    def __new__(cls, made: Any = None, *_: object) -> Any:
        return made() if isinstance(made, Inert) and issubclass(made, Stub) else Stub()


PARAMETERS = {("torch.nn.parameter", "Parameter"), ("torch.nn", "Parameter")}

_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _OrderedDict,
    ("torch", "Size"): _Size,
    ("torch._dynamo.eval_frame", "OptimizedModule"): _Compiled,
    ("torch._utils", "_rebuild_tensor"): _TensorV2,
    ("torch._utils", "_rebuild_tensor_v2"): _TensorV2,
    ("torch._utils", "_rebuild_tensor_v3"): _TensorV3,
    ("torch._utils", "_rebuild_qtensor"): _Quantized,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): _Meta,
    ("torch._utils", "_rebuild_wrapper_subclass"): _Wrapper,
    ("torch._utils", "_rebuild_sparse_tensor"): _Sparse,
    ("torch._utils", "_rebuild_device_tensor_from_numpy"): _Copied,
    ("torch._utils", "_rebuild_xla_tensor"): _Copied,
    ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"): _Copied,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _Parameter,
    ("torch._tensor", "_rebuild_from_type"): _FromType,
    ("torch._tensor", "_rebuild_from_type_v2"): _FromType,
    ("torch.nn.parameter", "UninitializedParameter"): _LazyParameter,
    ("torch.nn.parameter", "UninitializedBuffer"): _LazyBuffer,
    ("torch.storage", "_load_from_bytes"): _StorageFromBytes,
    ("copyreg", "_reconstructor"): _Reconstructor,
}


def stand_in(module: str, name: str) -> Any:
    """What a pickle gets for this global: a rebuilder, a dtype, or a class of stubs. Nothing is imported."""
    known = _KNOWN.get((module, name))
    if known is not None:
        return known
    if module == "torch" and (name in _ALIASES or _DTYPE.match(name)):
        return DType(_ALIASES.get(name, name))
    return Inert("Stub", (Stub,), {"__slots__": (), "path": (module, name)})


def storage_dtype(kind: object) -> str:
    """The dtype that a storage class such as `torch.FloatStorage` holds; "" for an untyped or unknown one."""
    name = kind.path[1] if isinstance(kind, Inert) and issubclass(kind, Stub) else ""
    return STORAGE_DTYPES.get(name.removesuffix("Storage"), "")
