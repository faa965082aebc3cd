"""Kills a program while it saves: kill.py PROGRAM KILLS. Its file must be the one of before or the new one, whole, each time.

Two runs with different seeds write files that are known; they take turns, and each is killed at a random moment from the
beginning of its save on. Prints how many kills came in the middle of a save.
"""
import os
import pathlib
import random
import subprocess
import sys
import time

PROGRAM, KILLS = sys.argv[1], int(sys.argv[2])
SAVED = pathlib.Path("kill") / "w.safetensors"
SAVED.parent.mkdir()


def start(seed):
    command = [PROGRAM, "train", "--steps", "1", "--seed", str(seed), "--quiet", "--threads", "1", "--save", SAVED]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def temporaries():
    return [name for name in os.listdir(SAVED.parent) if name != SAVED.name]


def wait_for_save(process):
    while not temporaries() and process.poll() is None:
        pass


files, save_time = [], 0.0
for seed in (1, 2):
    process = start(seed)
    wait_for_save(process)
    begin = time.monotonic()
    while temporaries():
        pass
    save_time = max(save_time, time.monotonic() - begin)
    assert process.wait() == 0
    files.append(SAVED.read_bytes())
assert files[0] != files[1]

draw, before, inside, replaced = random.Random(0), files[1], 0, 0
for kill in range(KILLS):
    process = start(1 + kill % 2)
    wait_for_save(process)
    time.sleep(draw.uniform(0, 1.2 * save_time))
    process.kill()
    process.wait()
    found = SAVED.read_bytes()
    if found not in (before, files[kill % 2]):
        sys.exit(f"kill {kill}: the file is neither the old nor the new one: {len(found)} bytes")
    replaced += found != before
    inside += bool(temporaries())
    before = found
    for name in temporaries():
        os.unlink(SAVED.parent / name)
print(f"{KILLS} kills, {inside} in the middle of a save; the file was replaced {replaced} times")
if inside < KILLS // 10:
    sys.exit("too few kills met a save")
