#!/usr/bin/python3
"""Writes tests/data/training_steps.json: a small network's numbers, four images, and what PyTorch makes of them:
logits, loss, gradients, and the numbers after three steps of each optimizer. tst_training_steps compares.

Needs: apt-get install python3-torch. Run from anywhere: /usr/bin/python3 tests/peer/make_training_fixtures.py
"""
import base64
import copy
import json
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional


class Network(nn.Module):
    """Built a second time, layer by layer, in tst_training_steps.cpp."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.stem_bn = nn.BatchNorm2d(8)
        self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=2, bias=False)
        self.grouped_bn = nn.BatchNorm2d(8)
        self.gate = nn.Conv2d(8, 8, 1)
        self.depthwise = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
        self.classifier = nn.Linear(64, 5)

    def forward(self, x):
        stem = functional.relu(self.stem_bn(self.stem(x)))
        block = functional.leaky_relu(stem + self.grouped_bn(self.grouped(stem)), 0.1)
        gated = block * torch.sigmoid(self.gate(block.mean((2, 3), keepdim=True)))
        left = torch.clamp(self.depthwise(gated), 0, 6)
        right = functional.max_pool2d(gated, 3, 2, 1)
        joined = torch.tanh(functional.avg_pool2d(torch.cat([left, right], 1), 2))
        # channel shuffle of two groups (Zhang et al. 2018, ShuffleNet)
        shuffled = joined.view(-1, 2, 8, 2, 2).transpose(1, 2).reshape(-1, 16, 2, 2)
        return self.classifier(shuffled.flatten(1))


def packed(tensor):
    return base64.b64encode(numpy.ascontiguousarray(tensor.detach().numpy(), "<f4").tobytes()).decode()


def numbers(network):
    return {name: packed(value) for name, value in network.state_dict().items() if value.dtype == torch.float32}


def train(start, images, labels, smoothing, distillation, optimizer):
    """Three steps on the same batch; the teacher is the network at the start, by its running statistics."""
    network, teacher = copy.deepcopy(start), copy.deepcopy(start).eval()
    weights = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]  # no weight decay on these
    stepper = optimizer([{"params": weights, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}])
    losses = []
    for _ in range(3):
        stepper.zero_grad()
        logits = network(images)
        loss = (1 - distillation) * functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        if distillation:
            loss = loss + distillation * functional.cross_entropy(logits, teacher(images).softmax(1))
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return {"losses": losses, "numbers": numbers(network)}


def main():
    torch.manual_seed(3)
    start = Network()
    for norm in (start.stem_bn, start.grouped_bn):  # away from 1, 0, 0, 1
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, 0, 0.3)
        nn.init.normal_(norm.running_mean, 0, 0.3)
        nn.init.uniform_(norm.running_var, 0.5, 1.5)
    images = torch.randn(4, 3, 8, 8, requires_grad=True)
    labels = torch.tensor([0, 1, 3, 4])

    network = copy.deepcopy(start)
    logits = network(images)
    loss = functional.cross_entropy(logits, labels)
    loss.backward()
    optimizers = {
        "sgd": lambda groups: torch.optim.SGD(groups, 0.05, momentum=0.9),
        "nesterov": lambda groups: torch.optim.SGD(groups, 0.05, momentum=0.9, nesterov=True),
        "adam": lambda groups: torch.optim.AdamW(groups, 0.01, betas=(0.9, 0.999), eps=1e-8),
    }
    batch = images.detach()
    runs = [{"name": f"{name}, label smoothing {smoothing}, distillation {distillation}", "optimizer": name,
             "label_smoothing": smoothing, "distillation": distillation,
             **train(start, batch, labels, smoothing, distillation, optimizer)}
            for name, optimizer in optimizers.items()
            for smoothing, distillation in ((0.0, 0.0), (0.1, 0.0), (0.1, 0.4))
            if name == "sgd" or distillation == 0]
    document = {
        "made_by": f"PyTorch {torch.__version__}",
        "numbers": numbers(start),
        "images": packed(images), "labels": labels.tolist(),
        "logits": packed(logits), "loss": loss.item(),
        "gradients": {name: packed(value.grad) for name, value in network.named_parameters()},
        "input_gradient": packed(images.grad),
        "evaluation_logits": packed(copy.deepcopy(start).eval()(batch)),
        "runs": runs,
    }
    path = pathlib.Path(__file__).resolve().parents[1] / "data/training_steps.json"
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
