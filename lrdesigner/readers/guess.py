"""What a file is that is no checkpoint, by its first bytes."""

from __future__ import annotations

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "It is an HDF5 file (Keras or PyTables), not one of PyTorch."),
    (b"version https://git-lfs", "It is a Git LFS pointer, not the file itself: run `git lfs pull` to fetch it."),
    (b"\x93NUMPY", "It is a NumPy array, not a PyTorch model."),
    (b"GGUF", "It is a GGUF file of llama.cpp, not one of PyTorch."),
    (b"ggjt", "It is a GGML file of llama.cpp, not one of PyTorch."),
    (b"\x1f\x8b", "It is packed with gzip: unpack it first."),
    (b"BZh", "It is packed with bzip2: unpack it first."),
    (b"\xfd7zXZ", "It is packed with xz: unpack it first."),
    (b"\x28\xb5\x2f\xfd", "It is packed with zstd: unpack it first."),
    (b"7z\xbc\xaf\x27\x1c", "It is a 7z archive: unpack it first."),
    (b"Rar!", "It is a RAR archive: unpack it first."),
    (b"\x89PNG", "It is a picture, not a model."),
    (b"\xff\xd8\xff", "It is a picture, not a model."),
    (b"\x7fELF", "It is a program or a library, not a model."),
    (b"%PDF", "It is a PDF, not a model."),
    (b"sys_info\0", "It is a tar checkpoint of PyTorch before 0.1.10: load it with torch and save it again."),
)
_ONNX_FIELDS = (b"\x12\x07pytorch", b"\x12\x04tf2onnx", b"onnx", b"ONNX")


def guess(start: bytes) -> str:
    """A sentence about the file that starts so; "" when nothing is recognised. `start` is its first 512 bytes."""
    if not start:
        return "It is empty."
    if not start.strip(b"\0"):
        return "It starts with nothing but zeros: the download or copy is incomplete. Download or save it again."
    for magic, sentence in _STARTS:
        if start.startswith(magic):
            return sentence
    if start[257:262] == b"ustar":
        return (
            "It is a tar archive (the oldest checkpoints of PyTorch are): unpack it, or save it again with torch.save."
        )
    if start[4:8] == b"TFL3":
        return "It is a TensorFlow Lite model, not one of PyTorch."
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "It is a web page, not a model: the download failed, or the address was that of a page about the file."
    if start[:1] == b"\x08" and any(field in start[:200] for field in _ONNX_FIELDS):
        return "It is an ONNX model: open the PyTorch model that it was exported from."
    if text.startswith(b"{") and b'"' in text[:20]:
        return "It is a JSON file, not a checkpoint."
    if b'{"' in start[8:12]:
        return "It looks like a safetensors file: give it the ending .safetensors."
    return ""
