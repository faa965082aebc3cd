"""The side of the program by hand (by_hand.c), which knows one network and two optimisers."""
import pathlib

import numpy
import safetensors.numpy

import worker

LAYERS = [["Linear", 784, 128], ["ReLU"], ["Linear", 128, 64], ["ReLU"], ["Linear", 64, 10]]
NAMES = [f"{layer}.{kind}" for layer in (0, 2, 4) for kind in ("weight", "bias")]     # in the program's order


class Training:
    version = "by_hand.c"

    def __init__(self, work, options):
        arguments = dict(work["optimizer"])
        name, rate = arguments.pop("name"), arguments.pop("lr")
        if work["layers"] != LAYERS or work["batch"] != 64 or name not in ("SGD", "Adam") or arguments:
            raise worker.Unavailable("it is written for another network")
        march = options.get("march")
        if not worker.processor_has("avx2"):
            raise worker.Unavailable("it needs AVX2")
        folder, data = pathlib.Path(work["folder"]), pathlib.Path(work["data"])
        program = folder / f"by_hand_{march or 'native'}"
        worker.compile_c(program, f"-march={march or 'native'}", f"-DRATE={rate}f", *(["-DADAM"] if name == "Adam" else []),
                         worker.HERE / "by_hand.c", "-lm")
        initial = safetensors.numpy.load_file(folder / "initial.safetensors")
        self.shapes = [initial[key].shape for key in NAMES]
        numpy.concatenate([initial[key].ravel() for key in NAMES]).tofile(folder / "initial.f32")
        self.program = worker.Program([program, data / "x.idx", data / "y.idx", folder / "initial.f32"])

    def check(self, steps, save):
        losses = self.program.ask(f"check {steps} {save}.f32")
        values, parameters = numpy.fromfile(f"{save}.f32", "f4"), {}
        for name, shape in zip(NAMES, self.shapes):
            size = int(numpy.prod(shape))
            parameters[name], values = values[:size].reshape(shape), values[size:]
        safetensors.numpy.save_file(parameters, save)
        return {"losses": losses}

    def time(self, count):
        return self.program.time(count)


if __name__ == "__main__":
    worker.serve(train=Training)
