"""Not a peer but the measure of all: the FMA peak of a core (peak.c), in units of 10⁸ multiply-adds.

With two threads: one process on each core, at the same time.
"""
import os
import pathlib

import worker


class Training:
    version = "peak.c"

    def __init__(self, work, options):
        program = pathlib.Path(work["folder"]) / f"peak_{options.get('march') or 'native'}_{options.get('threads', 1)}"
        worker.compile_c(program, f"-march={options.get('march') or 'native'}", worker.HERE / "peak.c")
        self.programs = []
        cores = os.sched_getaffinity(0)
        for core in sorted(cores):
            os.sched_setaffinity(0, {core})
            self.programs.append(worker.Program([program]))
        os.sched_setaffinity(0, cores)

    def time(self, count):
        for program in self.programs:
            program.send(f"time {count}")
        answers = [program.receive() for program in self.programs]
        return {"seconds": max(seconds for seconds, _ in answers), "cpu": sum(cpu for _, cpu in answers),
                "units": count * len(self.programs)}


if __name__ == "__main__":
    worker.serve(train=Training, predict=Training)
