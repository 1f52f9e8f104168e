#!/usr/bin/python3
"""Hessian traces of resnet20's layers beside PyTorch's, by differentiating twice, on the same images.

PyTorch: Hutchinson's method with Hessian-vector products of its autograd, one layer's probes at a time so that
other layers' blocks add no noise; layers of few weights exactly, weight by weight. Ours: `sensitivity --hessian
--json`. Each layer's two traces must lie within four of their combined standard errors of each other. --differences N also takes N probes by central
differences of PyTorch's gradients at three steps, to see what ReLUs that switch do to them.

    apt-get install python3-torch python3-onnx
    /usr/bin/python3 tests/peer/compare_hessian.py
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys

import numpy
import onnx
import onnx.numpy_helper
import torch
from torch.nn import functional

FEW_WEIGHTS = 1000
ROOT = pathlib.Path(__file__).resolve().parents[2]


def read_images(card_path, count):
    card = json.loads(card_path.read_text())
    raw = numpy.fromfile(card_path.parent / card["images"], dtype=numpy.uint8, count=3073 * count)
    rows = raw.reshape(-1, 3073)
    pixels = rows[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) * card["scale"]
    mean, std = (numpy.array(card[key], numpy.float32).reshape(1, 3, 1, 1) for key in ("mean", "std"))
    return torch.tensor((pixels - mean) / std), torch.tensor(rows[:, 0].astype(numpy.int64))


class Resnet20:
    """The network of the file: 19 convolutions with BatchNormalization folded, shortcuts of type A."""

    def __init__(self, path):
        graph = onnx.load(str(path)).graph
        constants = {c.name: torch.tensor(onnx.numpy_helper.to_array(c).copy()) for c in graph.initializer}
        self.names, self.weights, self.biases = [], [], []
        for node in graph.node:
            if node.op_type in ("Conv", "Gemm"):
                self.names.append(node.name)
                self.weights.append(constants[node.input[1]].requires_grad_(True))
                self.biases.append(constants[node.input[2]])
        assert len(self.names) == 20

    def loss(self, images, labels):
        layers = iter(zip(self.weights, self.biases))

        def conv(x, stride=1):
            weight, bias = next(layers)
            return functional.conv2d(x, weight, bias, stride, 1)

        x = torch.relu(conv(images))
        for stage in range(3):
            for block in range(3):
                stride = 2 if stage > 0 and block == 0 else 1
                y = conv(torch.relu(conv(x, stride)))
                if stride == 2:
                    pad = x.shape[1] // 2
                    x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, pad, pad))
                x = torch.relu(x + y)
        weight, bias = next(layers)
        return functional.cross_entropy(functional.linear(x.mean((2, 3)), weight, bias), labels)


def mean_and_error(values):
    return numpy.mean(values), numpy.std(values, ddof=1) / math.sqrt(len(values))


def traces(network, images, labels, probes):
    loss = network.loss(images, labels)
    gradients = torch.autograd.grad(loss, network.weights, create_graph=True)
    found = []
    for weight, gradient in zip(network.weights, gradients):
        if weight.numel() <= FEW_WEIGHTS:
            found.append((exact_trace(network, images, labels, len(found)), 0.0))
            continue
        samples = []
        for _ in range(probes):
            signs = torch.randint_like(weight, 2) * 2 - 1
            product, = torch.autograd.grad(gradient, weight, signs, retain_graph=True)
            samples.append((product * signs).sum().item())
        found.append(mean_and_error(samples))
    return loss.item(), found


def exact_trace(network, images, labels, index):
    """The diagonal of one layer's block, weight by weight."""
    weight = network.weights[index]
    gradient, = torch.autograd.grad(network.loss(images, labels), weight, create_graph=True)
    total = 0.0
    for k, derivative in enumerate(gradient.flatten()):
        total += torch.autograd.grad(derivative, weight, retain_graph=True)[0].flatten()[k].item()
    return total


def differences(network, images, labels, probes, step):
    """(g(w + e v) - g(w - e v)) / 2e of each layer alone, e = step * root mean square of its weights."""
    found = []
    for weight in network.weights:
        samples, before = [], weight.data.clone()
        e = step * before.pow(2).mean().sqrt().item()
        for _ in range(probes):
            signs = torch.randint_like(weight, 2) * 2 - 1
            sides = []
            for sign in (1, -1):
                weight.data = before + sign * e * signs
                sides.append(torch.autograd.grad(network.loss(images, labels), weight)[0])
            weight.data = before
            samples.append(((sides[0] - sides[1]) * signs).sum().item() / (2 * e))
        found.append(mean_and_error(samples))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=str(ROOT / "build/release/bin/widthwise-cli"))
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--images", type=int, default=64, help="a multiple of 16")
    parser.add_argument("--probes", type=int, default=50, help="of PyTorch")
    parser.add_argument("--differences", type=int, default=0, metavar="PROBES")
    options = parser.parse_args()
    torch.manual_seed(1)
    model, card = options.data / "models/resnet20.onnx", options.data / "cifar10/test.json"
    run = subprocess.run([options.cli, "sensitivity", str(model), "--data", str(card), "--limit",
                          str(options.images), "--widths", "8", "--hessian", "256", "--json"],
                         stdout=subprocess.PIPE, check=True, text=True)
    document = json.loads(run.stdout)
    here = {layer["name"]: layer for layer in document["layers"] if layer["hessian_trace"] is not None}

    network = Resnet20(model)
    images, labels = read_images(card, options.images)
    loss, there = traces(network, images, labels, options.probes)
    by_steps = {step: differences(network, images, labels, options.differences, step)
                for step in ((1e-2, 1e-3, 1e-4) if options.differences else ())}
    print(f"PyTorch {torch.__version__}, {options.images} images; cross-entropy {loss:.6f}, "
          f"here {document['baseline_loss']:.6f}")
    print("| layer | PyTorch | here | ratio | distance in standard errors |" +
          "".join(f" differences, step {step:g} |" for step in by_steps))
    print("|---|---|---|---|---|" + "---|" * len(by_steps))
    worst = 0
    for i, (name, (trace, error)) in enumerate(zip(network.names, there)):
        own, own_error = here[name]["hessian_trace"], here[name]["hessian_trace_error"]
        distance = abs(own - trace) / math.hypot(error, own_error)
        worst = max(worst, distance)
        print(f"| {name} | {trace:.2f} +- {error:.2f} | {own:.2f} +- {own_error:.2f} | {own / trace:.3f} | "
              f"{distance:.1f} |" + "".join(f" {found[i][0]:.2f} +- {found[i][1]:.2f} |"
                                            for found in by_steps.values()))
    if worst > 4:
        sys.exit(f"traces differ by {worst:.1f} standard errors")


if __name__ == "__main__":
    main()
