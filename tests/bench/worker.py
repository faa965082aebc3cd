"""The two ends of a peer: each is a process of its own, and answers requests, a JSON line each.

    {"do": "open", "work": {…}, "options": {…}}    {"version": …}, or {"unavailable": why}
    {"do": "check", "steps": 20, "save": FILE}     {"losses": […]}, and FILE holds the parameters afterwards: batches in order,
                                                   from the initial parameters; when predicting: FILE holds the outputs
    {"do": "time", "count": 300}                   {"seconds": …, "cpu": …, "units": 300}: that many steps of shuffled epochs
                                                   or more, from the initial parameters; when predicting: so many calls

A peer is one file, peer_NAME.py, with a class Training, a class Prediction or both. They are made with the work (networks.py)
and the options of one who takes part (cases.py), have `version`, and the methods `check` and `time`. Its end is the end of its
standard input.
"""
import dataclasses
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


class Unavailable(Exception):
    """This peer cannot take part on this machine; the text says why."""


class Peer:
    """The bench's end."""

    def __init__(self, name, cores, environment):
        threads = {variable: str(len(cores)) for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        self.process = subprocess.Popen(
            [sys.executable, HERE / f"peer_{name}.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **threads, **environment}, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.name = name

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"bench: the process of {self.name} ended; what it said stands above")
        return json.loads(answer)

    def open(self, work, options):
        answer = self.ask(do="open", work=dataclasses.asdict(work), options=options)
        if "unavailable" in answer:
            raise Unavailable(answer["unavailable"])
        return answer["version"]

    def close(self):
        self.process.communicate()    # its standard input ends, and so it does


def serve(**modes):
    """The peer's end: serve(train=Training, predict=Prediction)."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)     # what a library prints is no answer
    peer = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        try:
            if do == "open":
                peer = None
                peer = modes[request["work"]["mode"]](**request)
                answer = {"version": peer.version}
            else:
                answer = getattr(peer, do)(**request)
        except Unavailable as reason:
            answer = {"unavailable": str(reason)}
        print(json.dumps(answer), file=answers, flush=True)


class Stopwatch:
    """with Stopwatch() as watch: …; watch.answer(units) tells the wall time and the processor time of this process."""

    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu

    def answer(self, units):
        return {"seconds": self.wall, "cpu": self.cpu, "units": units}


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(arguments, folder):
    """Its output, and the processor time that it took."""
    before = children_cpu()
    done = subprocess.run([str(argument) for argument in arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {arguments[0]}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout, children_cpu() - before


def compile_c(output, *arguments):
    """With the machine's compiler, unless there is none or it does not know this processor."""
    command = [os.environ.get("CC", "cc"), "-std=gnu17", "-O3", *map(str, arguments), "-o", str(output)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unavailable(f"there is no C compiler '{command[0]}'") from None
    if done.returncode:
        raise Unavailable(f"'{' '.join(command)}' failed: {(done.stderr.strip() or '?').splitlines()[0]}")


class Program:
    """A C program that answers lines."""

    def __init__(self, arguments):
        self.process = subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self.send(request)
        return self.receive()

    def send(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()

    def receive(self):
        """The numbers of its answer, which is one line."""
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"bench: {self.process.args[0]} ended; what it said stands above")
        return [float(word) for word in answer.split()]

    def time(self, count):
        """'time COUNT' is answered by the seconds of the wall and of the processor."""
        seconds, cpu = self.ask(f"time {count}")
        return {"seconds": seconds, "cpu": cpu, "units": count}


def processor_has(feature):
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("flags"):
            return feature in line.split()
    return False
