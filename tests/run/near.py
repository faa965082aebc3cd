"""Whether two safetensors files hold the same numbers but for rounding: near.py A B f32|f64. Says where not, and exits 1."""
import array
import json
import sys

TOLERANCE = {"f32": 2e-5, "f64": 1e-12}  # relative to 1 and more


def read(path, code):
    data = open(path, "rb").read()
    begin = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:begin]).items():
        if name == "__metadata__" or entry["dtype"][0] != "F":
            continue
        first, end = entry["data_offsets"]
        tensors[name] = array.array(code, data[begin + first:begin + end])
    return tensors


def main():
    one, other, dtype = sys.argv[1:]
    code = "f" if dtype == "f32" else "d"
    a, b = read(one, code), read(other, code)
    if not a or a.keys() != b.keys():
        sys.exit(f"{one} has {sorted(a)}, {other} has {sorted(b)}")
    for name, values in a.items():
        for i, (x, y) in enumerate(zip(values, b[name], strict=True)):
            if not abs(x - y) <= TOLERANCE[dtype] * max(1, abs(x)):
                sys.exit(f"{name}[{i} of {len(values)}] is {x} and {y}")


main()
