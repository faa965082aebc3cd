"""Writes reference/NAME.safetensors for every case of run.py, with PyTorch: make_reference.py [--data DIR] [NAME…]"""
import argparse

import harness
import run

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="where MNIST lies")
parser.add_argument("names", nargs="*")
options = parser.parse_args()
folder = harness.HERE / "reference"
folder.mkdir(exist_ok=True)
for case in run.all_cases(run.data_folder(options.data)):
    if options.names and case.name not in options.names:
        continue
    path = folder / f"{case.name}.safetensors"
    case.expected().save(path)
    print(f"{path.stat().st_size:8} {path.name}")
