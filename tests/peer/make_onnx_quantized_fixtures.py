#!/usr/bin/env python3
"""Writes tests/data/onnx_quantized_ops.json: tiny models with quantizers, integer operators and dynamic
quantization, an input of two images, and the outputs that ONNX Runtime gives (image by image). QONNX's nodes,
which it does not know, are computed with numpy as qonnx/custom_op/general defines them.
tst_onnx_quantized imports each model, runs it and compares.

Needs: pip install numpy onnx onnxruntime. Run from anywhere: python3 tests/peer/make_onnx_quantized_fixtures.py
"""
import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(20)
cases = []
f32 = lambda *v: np.array(v if len(v) != 1 else v[0], np.float32)
i8, u8, i32 = (lambda v: np.array(v, np.int8)), (lambda v: np.array(v, np.uint8)), (lambda v: np.array(v, np.int32))
MS = "com.microsoft"
quiet = onnxruntime.SessionOptions()
quiet.log_severity_level = 3


def random_i8(*shape): return rng.integers(-127, 128, shape).astype(np.int8)
def random_u8(*shape): return rng.integers(0, 256, shape).astype(np.uint8)
def random_bias(n): return rng.integers(-2000, 2000, n).astype(np.int32)


def build(nodes, shape, opset, constants, ir, special, output):
    made = []
    for node in nodes:
        op, inputs, outputs, attributes = node[:4]
        made.append(helper.make_node(op, inputs, outputs, domain=node[4] if len(node) > 4 else "", **attributes))
    graph = helper.make_graph(made, "case",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
                              [numpy_helper.from_array(v, k) for k, v in constants.items()] + special)
    domains = {n[4] for n in nodes if len(n) > 4}
    return helper.make_model(graph, ir_version=ir,
                             opset_imports=[helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains])


def case(name, nodes, shape, constants, opset=13, ir=8, special=(), expected=None):
    model = build(nodes, shape, opset, constants, ir, list(special), None)
    x = rng.normal(0, 1, (2, *shape)).astype(np.float32)
    if expected is None:
        session = onnxruntime.InferenceSession(model.SerializeToString(), quiet)
        y = np.concatenate([session.run(None, {"x": x[i:i + 1]})[0] for i in range(2)])
    else:
        y = expected(x)
    model = build(nodes, shape, opset, constants, ir, list(special), ["N", *y.shape[1:]])
    cases.append({"name": name, "model": base64.b64encode(model.SerializeToString()).decode(),
                  "x": [float(v) for v in x.ravel()], "y": [float(v) for v in np.float32(y).ravel()]})


Q = lambda a, b, s="s", z="z", **k: ("QuantizeLinear", [a, s, z], [b], k)
DQ = lambda a, b, s="s", z="z", **k: ("DequantizeLinear", [a, s, z], [b], k)
asymmetric = {"s": f32(0.03), "z": u8(121), "ys": f32(0.05), "yz": u8(100)}

# QuantizeLinear, DequantizeLinear
weights = {"w": random_i8(4, 3, 3, 3), "ws": f32(0.01, 0.02, 0.005, 0.03), "wz": i8([0] * 4), "b": random_bias(4),
           "bs": f32(0.01, 0.02, 0.005, 0.03) * f32(0.03), "bz": i32([0] * 4)}
conv = [Q("x", "q"), DQ("q", "d"), DQ("w", "wd", "ws", "wz", axis=0), DQ("b", "bd", "bs", "bz", axis=0),
        ("Conv", ["d", "wd", "bd"], ["c"], {"pads": [1, 1, 1, 1]}), Q("c", "yq", "ys", "yz"), DQ("yq", "y", "ys", "yz")]
case("QDQ convolution", conv, (3, 5, 6), {**asymmetric, **weights})
case("QDQ signed with zero points", [*conv[:-2], Q("c", "yq", "ys", "iz"), DQ("yq", "y", "ys", "iz")], (3, 5, 6),
     {**asymmetric, **weights, "iz": i8(-30)})
case("QDQ unsigned weights", conv, (3, 5, 6),
     {**asymmetric, **weights, "w": random_u8(4, 3, 3, 3), "wz": u8([128, 100, 0, 255])})
case("QDQ relu and clip between", [Q("x", "q"), DQ("q", "d"), ("Relu", ["d"], ["r"], {}), ("Clip", ["r", "lo", "hi"], ["c"], {}),
     Q("c", "yq", "ys", "yz"), DQ("yq", "y", "ys", "yz")], (3, 4), {**asymmetric, "lo": f32(0), "hi": f32(1.37)})
case("QDQ moves of integers", [Q("x", "q"), ("MaxPool", ["q"], ["m"], {"kernel_shape": [2, 2], "strides": [2, 2]}),
     ("Pad", ["m", "p", "fill"], ["a"], {}), ("Transpose", ["a"], ["t"], {"perm": [0, 1, 3, 2]}), DQ("t", "y")], (2, 6, 4),
     {**asymmetric, "p": np.array([0, 0, 1, 0, 0, 0, 0, 2]), "fill": u8(100)})
case("QDQ default zero point", [("QuantizeLinear", ["x", "s"], ["q"], {}), ("DequantizeLinear", ["q", "s"], ["y"], {})],
     (3, 4), {"s": f32(0.01)})
case("QDQ per channel", [Q("x", "q", axis=1), DQ("q", "y", axis=1)], (3, 4, 2), {"s": f32(0.01, 0.03, 0.02), "z": u8([0, 128, 200])})
case("QDQ matrix per column", [Q("x", "q"), DQ("q", "d"), DQ("w", "wd", "ws", "wz", axis=1), ("MatMul", ["d", "wd"], ["y"], {})], (8,),
     {**asymmetric, "w": random_i8(8, 3), "ws": f32(0.01, 0.02, 0.03), "wz": i8([0, 0, 0])})
case("QDQ transposed weights", [Q("x", "q"), DQ("q", "d"), DQ("w", "wd", "ws", "wz", axis=0), ("Transpose", ["wd"], ["wt"], {"perm": [1, 0]}),
     ("MatMul", ["d", "wt"], ["y"], {})], (8,), {**asymmetric, "w": random_i8(3, 8), "ws": f32(0.01, 0.02, 0.03), "wz": i8([0, 0, 0])})
case("QDQ residual", [Q("x", "q"), DQ("q", "d"), ("Mul", ["x", "half"], ["h"], {}), Q("h", "hq", "ys", "yz"), DQ("hq", "hd", "ys", "yz"),
     ("Add", ["d", "hd"], ["a"], {}), Q("a", "aq", "as", "az"), DQ("aq", "y", "as", "az")], (3, 4, 4),
     {**asymmetric, "half": f32(0.5), "as": f32(0.04), "az": i8(0)})
case("QDQ 16 bits", [Q("x", "q"), DQ("q", "y")], (3, 4), {"s": f32(0.0001), "z": np.array(0, np.int16)}, 21, 10)
four = helper.make_tensor("w", TensorProto.INT4, [3, 8], rng.integers(-8, 8, 24).tolist())
case("QDQ 4-bit weights", [Q("x", "q"), DQ("q", "d"), ("DequantizeLinear", ["w", "ws"], ["wd"], {"axis": 0}), ("Gemm", ["d", "wd"], ["y"], {"transB": 1})],
     (8,), {**asymmetric, "ws": f32(0.1, 0.2, 0.3)}, 21, 10, [four])

# Integer operators
qconv = {**asymmetric, "w": random_u8(4, 3, 3, 3), "ws": f32(0.02), "wz": u8(131), "b": random_bias(4)}
inputs = ["q", "s", "z", "w", "ws", "wz", "ys", "yz"]
case("QLinearConv", [Q("x", "q"), ("QLinearConv", [*inputs, "b"], ["c"], {"strides": [2, 1]}), DQ("c", "y", "ys", "yz")], (3, 6, 6), qconv)
case("QLinearConv per channel", [Q("x", "q"), ("QLinearConv", inputs, ["c"], {"pads": [1, 0, 0, 1]}), DQ("c", "y", "ys", "yz")], (3, 6, 6),
     {**qconv, "w": random_i8(4, 3, 3, 3), "ws": f32(0.01, 0.02, 0.03, 0.04), "wz": i8([0] * 4)})
qmat = {**asymmetric, "w": random_i8(6, 5), "ws": f32(0.02), "wz": i8(0)}
case("QLinearMatMul", [Q("x", "q"), ("QLinearMatMul", inputs, ["c"], {}), DQ("c", "y", "ys", "yz")], (6,), qmat)
gemm = {**asymmetric, "w": random_i8(5, 6), "ws": f32(0.01, 0.02, 0.03, 0.01, 0.02), "wz": i8([0] * 5), "b": random_bias(5)}
gemm_inputs = ["q", "s", "z", "w", "ws", "wz", "b"]
case("QGemm", [Q("x", "q"), ("QGemm", [*gemm_inputs, "ys", "yz"], ["c"], {"transB": 1}, MS), DQ("c", "y", "ys", "yz")], (6,), gemm)
case("QGemm to float", [Q("x", "q"), ("QGemm", gemm_inputs, ["y"], {"transB": 1}, MS)], (6,), gemm)
two = {**asymmetric, "half": f32(0.5), "hs": f32(0.02), "hz": u8(90)}
halves = [Q("x", "q"), ("Mul", ["x", "half"], ["h"], {}), Q("h", "hq", "hs", "hz")]
for op in ("QLinearAdd", "QLinearMul"):
    case(op, [*halves, (op, ["q", "s", "z", "hq", "hs", "hz", "ys", "yz"], ["c"], {}, MS), DQ("c", "y", "ys", "yz")], (3, 4, 4), two)
case("QLinearAdd of a constant", [Q("x", "q"), ("QLinearAdd", ["q", "s", "z", "k", "hs", "hz", "ys", "yz"], ["c"], {}, MS), DQ("c", "y", "ys", "yz")],
     (3, 4, 4), {**two, "k": random_u8(3, 1, 1)})
case("QLinearConcat", [*halves, ("QLinearConcat", ["ys", "yz", "q", "s", "z", "hq", "hs", "hz"], ["c"], {"axis": 1}, MS), DQ("c", "y", "ys", "yz")],
     (3, 4, 4), two)
case("QLinearGlobalAveragePool", [Q("x", "q"), ("QLinearGlobalAveragePool", ["q", "s", "z", "ps", "z"], ["c"], {}, MS), DQ("c", "y", "ps", "z")],
     (3, 5, 4), {**asymmetric, "ps": f32(0.008)})
case("QLinearAveragePool", [Q("x", "q"), ("QLinearAveragePool", ["q", "s", "z", "ys", "yz"], ["c"], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}, MS),
     DQ("c", "y", "ys", "yz")], (3, 5, 4), {**asymmetric, "ys": f32(0.0473)})
case("QLinearLeakyRelu", [Q("x", "q"), ("QLinearLeakyRelu", ["q", "s", "z", "ys", "yz"], ["c"], {"alpha": 0.3}, MS), DQ("c", "y", "ys", "yz")], (3, 4), asymmetric)
case("QLinearSigmoid", [Q("x", "q"), ("QLinearSigmoid", ["q", "s", "z", "ps", "zero"], ["c"], {}, MS), DQ("c", "y", "ps", "zero")], (3, 4),
     {**asymmetric, "ps": f32(1 / 256), "zero": u8(0)})

# Dynamic quantization
dynamic = [("DynamicQuantizeLinear", ["x"], ["q", "xs", "xz"], {})]
case("ConvInteger", [*dynamic, ("Mul", ["xs", "ws"], ["scale"], {}), ("ConvInteger", ["q", "w", "xz", "wz"], ["i"], {"pads": [1, 1, 1, 1]}),
     ("Cast", ["i"], ["f"], {"to": 1}), ("Mul", ["f", "scale"], ["c"], {}), ("Add", ["c", "b"], ["y"], {})], (3, 5, 5),
     {"w": random_i8(4, 3, 3, 3), "ws": f32(0.02), "wz": i8(0), "b": f32(0.5, -0.5, 1, 2).reshape(1, 4, 1, 1)})
case("MatMulInteger per column", [*dynamic, ("MatMulInteger", ["q", "w", "xz", "wz"], ["i"], {}), ("Cast", ["i"], ["f"], {"to": 1}),
     ("Mul", ["xs", "ws"], ["scale"], {}), ("Mul", ["scale", "f"], ["y"], {})], (6,),
     {"w": random_u8(6, 3), "ws": f32(0.02, 0.01, 0.03), "wz": u8([120, 128, 140])})
case("ConvInteger of given scale", [Q("x", "q"), ("ConvInteger", ["q", "w", "z"], ["i"], {}), ("Cast", ["i"], ["f"], {"to": 1}), ("Mul", ["f", "k"], ["y"], {})],
     (3, 5, 5), {**asymmetric, "w": random_i8(4, 3, 3, 3), "k": f32(0.03 * 0.25)})

# QONNX
def quant(x, scale, zero, bits, signed, narrow):
    low = (-2 ** (bits - 1) + narrow) if signed else 0
    high = (2 ** (bits - 1) - 1) if signed else 2 ** bits - 1 - narrow
    return (np.clip(np.rint(x / np.float32(scale) + zero), low, high) - zero) * np.float32(scale)


for domain in ("qonnx.custom_op.general", "onnx.brevitas"):
    for bits, signed, narrow, zero in ((2, 1, 1, 0), (4, 0, 0, 0), (3, 1, 0, 0), (4, 0, 1, 7), (5, 1, 0, -3), (12, 1, 0, 0)):
        case(f"Quant {domain} {bits} {signed} {narrow} {zero}",
             [("Quant", ["x", "s", "z", "n"], ["y"], {"signed": signed, "narrow": narrow, "rounding_mode": "ROUND"}, domain)], (3, 4),
             {"s": f32(0.21), "z": f32(zero), "n": f32(bits)}, expected=lambda x: quant(x, 0.21, zero, bits, signed, narrow))
case("BipolarQuant", [("BipolarQuant", ["x", "s"], ["y"], {}, "qonnx.custom_op.general")], (3, 4), {"s": f32(0.5)},
     expected=lambda x: np.where(x >= 0, 0.5, -0.5))
w = rng.normal(0, 1, (4, 3, 3, 3)).astype(np.float32)
ws = f32(0.1, 0.2, 0.3, 0.4).reshape(4, 1, 1, 1)
case("Quant weights per channel", [("Quant", ["w", "s", "z", "n"], ["wq"], {"signed": 1, "narrow": 1}, "qonnx.custom_op.general"), ("Conv", ["x", "wq"], ["y"], {})],
     (3, 3, 3), {"w": w, "s": ws, "z": f32(0), "n": f32(3)},
     expected=lambda x: np.einsum("nchw,ochw->no", x, quant(w, ws, 0, 3, 1, 1)))
thresholds = np.sort(rng.normal(0, 1, (3, 4)).astype(np.float32), axis=1)
case("MultiThreshold", [("MultiThreshold", ["x", "t"], ["y"], {"out_scale": 0.5, "out_bias": -1.0, "out_dtype": "INT4"}, "finn.custom_op.general")], (3, 2, 2),
     {"t": thresholds},
     expected=lambda x: (x[..., None] >= thresholds[None, :, None, None, :]).sum(-1) * 0.5 - 1.0)

path = pathlib.Path(__file__).resolve().parent.parent / "data" / "onnx_quantized_ops.json"
path.parent.mkdir(exist_ok=True)
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(f"{len(cases)} cases, {path.stat().st_size} bytes")
