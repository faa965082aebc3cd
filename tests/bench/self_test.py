"""Whether the bench still works, on a network so small that it takes seconds: self_test.py NETC

netc and PyTorch train and predict with it, their results are compared, every form of the report is made, and a side that
computes something else is caught. What is measured here means nothing.
"""
import dataclasses
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from xml.etree import ElementTree

import numpy
import safetensors.numpy

import cases
import networks
import picture
import report
import rounds

TINY = networks.Network((12, 16, 5), 8, 6, {"name": "SGD", "lr": 0.05, "momentum": 0.9})
OTHER = dataclasses.replace(TINY, widths=(12, 17, 5))
ABOUT = {"date": "2026-01-01", "machine": "<test>", "core": 0, "rounds": 2, "load": 0.0}


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="netc-bench-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.bench = rounds.Bench(networks.Workshop(cls.folder, NETC, cls.folder), 2, min(os.sched_getaffinity(0)))
        cls.addClassCleanup(cls.bench.close)

    def measure(self, entrants, *targets):
        case = cases.Case("tiny", "a network", entrants, list(targets), shortest=0.001)
        return report.result_of(case, rounds.measure(self.bench, case), ABOUT)

    def test_training_and_reports(self):
        missing = dataclasses.replace(cases.entrants(TINY, "JAX scan")[0], needs="no_such_package")
        result = self.measure(cases.entrants(TINY, "netc", "PyTorch", "FMA peak") + [missing], cases.Faster("PyTorch", 1e-6),
                              cases.Share(10), cases.Faster("JAX scan", 1))
        self.assertTrue(result["agrees"])
        self.assertEqual([target["met"] for target in result["targets"]], [True, False, None])
        netc, pytorch, _, jax = result["entrants"]
        self.assertEqual(len(pytorch["slower"]["all"]), 2)
        self.assertLess(netc["differences"]["parameters"]["found"], 1e-4)
        self.assertEqual(jax["left_out"], "no_such_package is not installed")
        result = json.loads(json.dumps(result))
        text, markdown = io.StringIO(), io.StringIO()
        report.text(result, text)
        report.markdown([result], markdown)
        for form in (text.getvalue(), markdown.getvalue()):
            for expected in ("PyTorch", "left out: no_such_package", "NO: netc at least 10 of", "not measured: netc"):
                self.assertIn(expected, form)
        picture.draw([result], self.folder / "picture.svg")
        self.assertGreaterEqual(len(ElementTree.parse(self.folder / "picture.svg").findall(".//{*}rect")), 3)

    def test_prediction(self):
        result = self.measure(cases.entrants(TINY, "netc", "PyTorch", mode="predict"))
        self.assertTrue(result["agrees"])
        self.assertLess(result["entrants"][0]["differences"]["outputs"]["found"], 1e-6)

    def test_wrong_results_are_not_measured(self):
        work = self.bench.workshop.work(OTHER)
        initial = pathlib.Path(work.folder) / "initial.safetensors"
        self.bench.expected(work)
        values = safetensors.numpy.load_file(initial)
        safetensors.numpy.save_file({name: numpy.multiply(value, 1.01, dtype="f4") for name, value in values.items()}, initial)
        result = self.measure(cases.entrants(OTHER, "netc"), cases.Faster("netc", 1))
        self.assertFalse(result["agrees"])
        self.assertEqual([target["met"] for target in result["targets"]], [None])
        self.assertIn("WRONG: the losses of netc", "\n".join(report.remarks(result)))

    def test_every_case_names_its_entrants(self):
        for case in cases.table(3, 2):
            labels = [entrant.label for entrant in case.entrants]
            self.assertEqual(len(labels), len(set(labels)), case.name)
            for target in case.targets:
                self.assertLessEqual(set(case.named(target)), set(labels), case.name)

    def test_a_case_among_few(self):
        case = next(case for case in cases.table(3, 1) if case.name == "mnist").among(["by hand"])
        self.assertEqual([entrant.label for entrant in case.entrants], ["netc", "by hand", "FMA peak"])
        self.assertEqual(case.targets, [cases.Faster("by hand", 0.9)])


if __name__ == "__main__":
    NETC = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
