"""onnxruntime's side of the bench: inference, through its Python interface, with inputs and outputs bound beforehand."""
import pathlib

import numpy
import onnx
import onnxruntime
import safetensors.numpy
from onnx import TensorProto, helper, numpy_helper

import worker


def onnx_model(layers, parameters, batch):
    """The network, and a Softmax after it."""
    nodes, weights, value = [], [], "input"
    for i, (kind, *_) in enumerate(layers):
        if kind == "Linear":
            names = [f"{i}.weight", f"{i}.bias"]
            weights += [numpy_helper.from_array(parameters[name], name) for name in names]
            nodes.append(helper.make_node("Gemm", [value, *names], [str(i)], transB=1))
        else:
            nodes.append(helper.make_node({"ReLU": "Relu"}.get(kind, kind), [value], [str(i)]))
        value = str(i)
    nodes.append(helper.make_node("Softmax", [value], ["output"], axis=1))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, width])
            for name, width in (("input", layers[0][1]), ("output", layers[-1][2]))]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Prediction:
    version = f"onnxruntime {onnxruntime.__version__}"

    def __init__(self, work, options):
        x = numpy.load(pathlib.Path(work["data"]) / "x.npy")
        batch = work["batch"]
        parameters = safetensors.numpy.load_file(pathlib.Path(work["folder"]) / "initial.safetensors")
        model = onnx_model(work["layers"], parameters, batch)
        onnx.checker.check_model(model)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.get("threads", 1)
        settings.inter_op_num_threads = 1
        settings.add_session_config_entry("session.set_denormal_as_zero", "1")
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
        self.output = onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros((batch, work["layers"][-1][2]), "f4"))
        self.calls = [self.bind(x[i:i + batch]) for i in range(0, len(x) - batch + 1, batch)]

    def bind(self, rows):
        binding = self.session.io_binding()
        binding.bind_ortvalue_input("input", onnxruntime.OrtValue.ortvalue_from_numpy(rows))
        binding.bind_ortvalue_output("output", self.output)
        return binding

    def check(self, steps, save):
        self.session.run_with_iobinding(self.calls[0])
        safetensors.numpy.save_file({"output": self.output.numpy()}, save)
        return {"losses": []}

    def time(self, count):
        run, calls = self.session.run_with_iobinding, self.calls
        with worker.Stopwatch() as watch:
            for i in range(count):
                run(calls[i % len(calls)])
        return watch.answer(count)


if __name__ == "__main__":
    worker.serve(predict=Prediction)
