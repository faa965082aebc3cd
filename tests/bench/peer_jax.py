"""JAX's side of the bench: a jitted step, or a whole epoch in one jitted lax.scan.

The samples lie in JAX's own arrays; a step gathers its batch by index, and its parameters are donated. The optimisers are
written here, with PyTorch's arithmetic: JAX itself has none.
"""
import functools
import os
import pathlib

import numpy
import safetensors.numpy

import worker

if len(os.sched_getaffinity(0)) == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402


def forward(layers, parameters, x):
    for i, (kind, *_) in enumerate(layers):
        if kind == "Linear":
            x = x @ parameters[f"{i}.weight"].T + parameters[f"{i}.bias"]
        else:
            x = {"ReLU": jax.nn.relu, "Tanh": jnp.tanh, "Sigmoid": jax.nn.sigmoid}[kind](x)
    return x


def cross_entropy(layers, parameters, x, y):
    logits = jax.nn.log_softmax(forward(layers, parameters, x))
    return -jnp.take_along_axis(logits, y[:, None], axis=1).mean()


def sgd(p, g, state, _, lr, momentum=0.0, weight_decay=0.0):
    g = g + weight_decay * p if weight_decay else g
    if momentum:
        g = state[0] = momentum * state[0] + g
    return p - lr * g, state


def adam(p, g, state, step, lr):
    m, v = 0.9 * state[0] + 0.1 * g, 0.999 * state[1] + 0.001 * g * g
    return p - lr / (1 - 0.9 ** step) * m / (jnp.sqrt(v) / jnp.sqrt(1 - 0.999 ** step) + 1e-8), [m, v]


OPTIMIZERS = {"SGD": sgd, "Adam": adam}


class Training:
    version = f"JAX {jax.__version__}"

    def __init__(self, work, options):
        self.work, self.scan = work, options.get("scan", False)
        folder, data = pathlib.Path(work["folder"]), pathlib.Path(work["data"])
        self.x, y = (jnp.asarray(numpy.load(data / f"{name}.npy")) for name in "xy")
        self.y = y.astype(jnp.int32)
        self.count = len(y)
        self.initial = safetensors.numpy.load_file(folder / "initial.safetensors")
        self.random = numpy.random.default_rng(0)
        arguments = dict(work["optimizer"])
        name = arguments.pop("name")
        self.update = functools.partial(OPTIMIZERS[name], **arguments)
        self.moments = 2 if name == "Adam" else 1 if arguments.get("momentum") else 0
        self.step = jax.jit(self.plain_step, donate_argnums=0)
        self.epoch = jax.jit(lambda state, x, y, batches: jax.lax.scan(lambda s, batch: self.plain_step(s, x, y, batch), state,
                                                                        batches), donate_argnums=0)
        self.run_epoch(self.restart(), self.order())     # compiles

    def restart(self):
        parameters = {name: jnp.array(value) for name, value in self.initial.items()}
        moments = {name: [jnp.zeros_like(value) for _ in range(self.moments)] for name, value in parameters.items()}
        return parameters, moments, jnp.float32(0)

    def plain_step(self, state, x, y, batch):
        parameters, moments, step = state
        loss_of = functools.partial(cross_entropy, self.work["layers"])
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x[batch], y[batch])
        new = {name: self.update(p, gradients[name], list(moments[name]), step + 1) for name, p in parameters.items()}
        return ({name: p for name, (p, _) in new.items()}, {name: m for name, (_, m) in new.items()}, step + 1), loss

    def order(self):
        return self.random.permutation(self.count).astype("i4").reshape(-1, self.work["batch"])

    def run_epoch(self, state, batches):
        if self.scan:
            state, losses = self.epoch(state, self.x, self.y, batches)
        else:
            losses = []
            for batch in batches:
                state, loss = self.step(state, self.x, self.y, batch)
                losses.append(loss)
        jax.block_until_ready(state)
        return state, losses

    def check(self, steps, save):
        batches = numpy.arange(self.count, dtype="i4").reshape(-1, self.work["batch"])
        batches = numpy.resize(batches, (steps, self.work["batch"]))
        state, losses = self.run_epoch(self.restart(), batches)
        safetensors.numpy.save_file({name: numpy.asarray(value) for name, value in state[0].items()}, save)
        return {"losses": [float(loss) for loss in losses]}

    def time(self, count):
        state, done = self.restart(), 0
        with worker.Stopwatch() as watch:
            while done < count:
                batches = self.order() if self.scan else self.order()[:count - done]
                state, _ = self.run_epoch(state, batches)
                done += len(batches)
        return watch.answer(done)


class Prediction:
    version = Training.version

    def __init__(self, work, options):
        parameters = safetensors.numpy.load_file(pathlib.Path(work["folder"]) / "initial.safetensors")
        x, batch = numpy.load(pathlib.Path(work["data"]) / "x.npy"), work["batch"]
        self.batches = [jnp.asarray(x[i:i + batch]) for i in range(0, len(x) - batch + 1, batch)]
        self.predict = jax.jit(lambda rows: jax.nn.softmax(forward(work["layers"], parameters, rows)))

    def check(self, steps, save):
        safetensors.numpy.save_file({"output": numpy.asarray(self.predict(self.batches[0]))}, save)
        return {"losses": []}

    def time(self, count):
        with worker.Stopwatch() as watch:
            for i in range(count):
                self.predict(self.batches[i % len(self.batches)]).block_until_ready()
        return watch.answer(count)


if __name__ == "__main__":
    worker.serve(train=Training, predict=Prediction)
