"""Tensors in plain Python, so that the committed references can be compared on a machine without NumPy or PyTorch.

A tensor is a Tensor(shape, values): a tuple and a flat array of doubles, or of integers. Files are .npy and .safetensors.
"""
import array
import json
import math
import struct
import zlib


class Tensor:
    def __init__(self, shape, values, integer=False):
        self.shape = tuple(shape)
        self.integer = integer
        self.values = array.array("q" if integer else "d", values)
        if len(self.values) != math.prod(self.shape):
            raise ValueError(f"{len(self.values)} values do not fill shape {self.shape}")

    def numpy_like(self):
        """Nested lists, as torch.tensor() takes them."""
        def nest(shape, start, stride):
            if not shape:
                return self.values[start]
            stride //= shape[0] if shape[0] else 1
            return [nest(shape[1:], start + i * stride, stride) for i in range(shape[0])]
        return nest(self.shape, 0, len(self.values))


def numbers(name, shape, low=-3.0, high=3.0):
    """Numbers that follow from the name alone: multiples of 2^-16, so that f32 holds them exactly."""
    state = zlib.crc32(name.encode()) | 1 << 32
    values = []
    start, steps = round(low * 65536), round((high - low) * 65536)
    for _ in range(math.prod(shape)):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        values.append((start + (state >> 33) % steps) / 65536)
    return Tensor(shape, values)


def labels(name, count, classes):
    picks = numbers(name, (count,), 0, classes)
    return Tensor((count,), [int(x) for x in picks.values], integer=True)


# ---- Files

TYPES = {"F32": ("f", 4), "F64": ("d", 8), "I64": ("q", 8)}


def write_npy(path, tensor, double=False, byte=False):
    code, descr = ("B", "|u1") if byte else ("q", "<i8") if tensor.integer else ("d", "<f8") if double else ("f", "<f4")
    shape = "(" + "".join(f"{size}, " for size in tensor.shape) + ")"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(array.array(code, tensor.values).tobytes())


def write_safetensors(path, tensors, metadata=None, double=True):
    header, blobs, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in tensors.items():
        dtype = "I64" if tensor.integer else "F64" if double else "F32"
        blob = array.array(TYPES[dtype][0], tensor.values).tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_safetensors(path):
    """The tensors by name, and the metadata."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        code, size = TYPES[entry["dtype"]]
        begin, end = entry["data_offsets"]
        values = array.array(code)
        values.frombytes(data[8 + length + begin:8 + length + end])
        tensors[name] = Tensor(entry["shape"], values, integer=code == "q")
    return tensors, metadata


# ---- Comparison

def difference(a, b):
    """How far two numbers are apart; 0 for two NaNs or two equal infinities, inf where only one is such."""
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    return 0.0 if a == b else abs(a - b)


def largest(tensor):
    return max((abs(x) for x in tensor.values if math.isfinite(x)), default=0.0)


def largest_difference(a, b):
    return max((difference(x, y) for x, y in zip(a.values, b.values)), default=0.0)
