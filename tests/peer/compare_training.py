#!/usr/bin/python3
"""Images per second of a training step here and in PyTorch, in turns: see README.md."""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[2]


class Block(nn.Module):
    """Two 3x3 convolutions and the shortcut without parameters (He et al. 2015, option A)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.more = stride, outputs - inputs

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.stride > 1:
            x = x[:, :, ::self.stride, ::self.stride]
            x = functional.pad(x, (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return functional.relu(y + x)


class ResNet20(nn.Module):
    """The same layers as zoo:resnet20."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        shapes = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.blocks = nn.Sequential(*(Block(*shape) for shape in shapes))
        self.classifier = nn.Linear(64, 10)

    def forward(self, x):
        x = self.blocks(functional.relu(self.bn(self.conv(x))))
        return self.classifier(x.mean((2, 3)))


class Peer:
    """Training steps of PyTorch; `layout` and `bf16` as its users would choose them."""

    def __init__(self, batch, layout, bf16):
        torch.manual_seed(1)
        self.network = ResNet20().to(memory_format=layout)
        self.images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=layout)
        self.labels = torch.arange(batch) % 10
        self.optimizer = torch.optim.SGD(self.network.parameters(), 0.01, momentum=0.9, weight_decay=5e-4)
        self.bf16 = bf16

    def step(self):
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            loss = functional.cross_entropy(self.network(self.images), self.labels)
        loss.backward()
        self.optimizer.step()

    def images_per_second(self, options):
        clock = time.process_time if options.cpu_time else time.perf_counter
        for _ in range(3):
            self.step()
        begin, steps = clock(), 0
        while clock() - begin < options.seconds:
            self.step()
            steps += 1
        return len(self.labels) * steps / (clock() - begin)


def here(bench, mode, options):
    """The bench program's JSON line; None where this machine or build cannot run the mode."""
    run = subprocess.run([bench, "--once", mode, "resnet20", str(options.batch), str(options.threads),
                          str(options.seconds)], capture_output=True, text=True)
    if run.returncode:
        print(f"{mode}: {run.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(run.stdout)["images_per_cpu_second" if options.cpu_time else "images_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", default=str(ROOT / "build/release/bench/bench_train"))
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--cpu-time", action="store_true",
                        help="count seconds of processor time: for busy machines, with --threads 1")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    layouts = {"N x C x H x W": torch.contiguous_format, "channels last": torch.channels_last}
    columns = {}
    for mode in ("f32", "bf16"):
        for name, layout in layouts.items():
            peer = Peer(options.batch, layout, mode == "bf16")
            columns[mode, name] = lambda peer=peer: peer.images_per_second(options)
        columns[mode, "here"] = lambda mode=mode: here(options.bench, mode, options)
    rounds = [{key: measure() for key, measure in columns.items()} for _ in range(options.rounds)]

    print(f"PyTorch {torch.__version__}, {options.threads} threads, batches of {options.batch}, "
          f"medians of {options.rounds} rounds")
    print(f"| images/s{' of processor time' if options.cpu_time else ''} | {' | '.join(layouts)} | here | here / PyTorch | here / PyTorch's faster layout |")
    print("|---|---|---|---|---|---|")
    passed = True
    for mode in ("f32", "bf16"):
        if any(row[mode, "here"] is None for row in rounds):
            passed = False
            continue
        speeds = [statistics.median(row[mode, name] for row in rounds) for name in (*layouts, "here")]
        default = statistics.median(row[mode, "here"] / row[mode, "N x C x H x W"] for row in rounds)
        faster = statistics.median(row[mode, "here"] / max(row[mode, name] for name in layouts) for row in rounds)
        print(f"| {mode} | {speeds[0]:.0f} | {speeds[1]:.0f} | {speeds[2]:.0f} | {default:.2f} | {faster:.2f} |")
        passed = passed and (mode != "f32" or default >= 1.5)
    if not passed:
        sys.exit("slower than expected: 1.5 x PyTorch's float32 in its default layout")


if __name__ == "__main__":
    main()
