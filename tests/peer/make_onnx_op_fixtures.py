#!/usr/bin/env python3
"""Writes tests/data/onnx_ops.json: one tiny model per operator and operator set, an input of two images, and
the outputs that ONNX Runtime gives. tst_onnx_ops imports each model, runs it and compares.

Needs: pip install numpy onnx onnxruntime. Run from anywhere: python3 tests/peer/make_onnx_op_fixtures.py
"""
import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(7)
cases = []


def noise(*shape, scale=1.0):
    return np.round(rng.normal(0, scale, shape), 3).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


def f32(*values):
    return np.array(values, np.float32)


def case(name, nodes, shape, opset=13, constants=None, outputs=("y",), x=None):
    """`shape`: of one image; `nodes`: (op, inputs, outputs, attributes)."""
    protos = []
    for op, inputs, outs, attributes in nodes:
        attributes = dict(attributes)
        domain = attributes.pop("domain", "")
        protos.append(helper.make_node(op, inputs, outs, name="", domain=domain, **attributes))
    initializers = [numpy_helper.from_array(np.asarray(v), k) for k, v in (constants or {}).items()]
    graph = helper.make_graph(
        protos,
        name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_empty_tensor_value_info(o) for o in outputs],
        initializers,
    )
    ir = 3 if opset < 9 else 7 if opset < 15 else 8 if opset < 19 else 9 if opset < 21 else 10
    if ir == 3:  # initializers had to be inputs
        for tensor in initializers:
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    x = noise(2, *shape) if x is None else np.asarray(x, np.float32)
    # Output types: as ONNX infers them.
    inferred = onnx.shape_inference.infer_shapes(model)
    types = {v.name: v.type.tensor_type.elem_type for v in list(inferred.graph.output)}
    del graph, model.graph.output[:]
    for o in outputs:
        model.graph.output.append(helper.make_tensor_value_info(o, types.get(o) or TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    results = session.run(list(outputs), {"x": x})
    for value, result in zip(model.graph.output, results):
        dims = helper.make_tensor_value_info("", TensorProto.FLOAT, ["N", *result.shape[1:]])
        value.type.tensor_type.shape.CopyFrom(dims.type.tensor_type.shape)
    cases.append(
        {
            "name": name,
            "opset": opset,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "x": [float(str(v)) for v in x.ravel()],
            "outputs": [
                {"shape": list(r.shape), "values": [float(f"{v:.7g}") for v in r.astype(np.float64).ravel()]}
                for r in results
            ],
        }
    )


def one(op, shape, opset=13, constants=None, name=None, x=None, **attributes):
    """One node that reads x and all constants."""
    case(name or op, [(op, ["x", *(constants or {})], ["y"], attributes)], shape, opset, constants, x=x)


# Convolutions
W = noise(4, 3, 3, 3)
one("Conv", (3, 7, 6), 7, {"w": W, "b": noise(4)}, pads=[1, 0, 2, 1], strides=[2, 1], name="Conv pads strides")
one("Conv", (4, 7, 7), 11, {"w": noise(6, 2, 3, 2)}, group=2, dilations=[2, 1], pads=[1, 1, 0, 2], name="Conv groups")
one("Conv", (4, 7, 7), 11, {"w": noise(6, 4, 4, 3)}, strides=[2, 1], auto_pad="SAME_LOWER", name="Conv SAME_LOWER")
one("Conv", (3, 9), 11, {"w": noise(4, 3, 3), "b": noise(4)}, pads=[1, 2], strides=[2], name="Conv of a signal")
T = noise(3, 4, 3, 3)
one("ConvTranspose", (3, 4, 5), 7, {"w": T, "b": noise(4)}, strides=[2, 2], pads=[1, 0, 1, 1], name="ConvTranspose")
one("ConvTranspose", (3, 4, 4), 11, {"w": T}, strides=[2, 2], output_padding=[1, 1], pads=[1, 1, 1, 1], name="ConvTranspose output_padding")
one("ConvTranspose", (3, 4, 4), 11, {"w": T}, strides=[3, 2], output_shape=[11, 8], name="ConvTranspose output_shape")
one("ConvTranspose", (3, 4, 4), 11, {"w": T}, strides=[2, 2], auto_pad="SAME_UPPER", name="ConvTranspose SAME_UPPER")
one("ConvTranspose", (3, 4, 4), 11, {"w": T}, strides=[2, 2], auto_pad="SAME_LOWER", name="ConvTranspose SAME_LOWER")
one("ConvTranspose", (4, 4, 3), 11, {"w": noise(4, 2, 2, 2)}, group=2, dilations=[2, 1], name="ConvTranspose groups")

# Products
one("Gemm", (5,), 7, {"w": noise(5, 3), "b": noise(3)}, alpha=0.5, beta=2.0, name="Gemm alpha beta")
one("Gemm", (5,), 11, {"w": noise(3, 5)}, transB=1, name="Gemm transB")
case("Gemm with a computed bias", [("Slice", ["x", "s", "e", "a"], ["z"], {}), ("Gemm", ["x", "w", "z"], ["y"], {"beta": 0.5})],
     (5,), 13, {"s": i64(1), "e": i64(4), "a": i64(1), "w": noise(5, 3)})
one("MatMul", (4,), 9, {"w": noise(4, 3)}, name="MatMul of vectors")
one("MatMul", (3, 4), 13, {"w": noise(4, 5)}, name="MatMul over the last axis")
one("MatMul", (2, 3, 4), 13, {"w": noise(1, 2, 4, 5)}, name="MatMul with a stack")
case("MatMul constant left", [("MatMul", ["w", "x"], ["y"], {})], (3, 4), 13, {"w": noise(5, 3)})
case("MatMul of activations", [("Transpose", ["x"], ["t"], {"perm": [0, 2, 1]}), ("MatMul", ["x", "t"], ["y"], {})], (3, 4))
case("attention", [
    ("MatMul", ["x", "wq"], ["q"], {}), ("MatMul", ["x", "wk"], ["k"], {}), ("MatMul", ["x", "wv"], ["v"], {}),
    ("Transpose", ["k"], ["kt"], {"perm": [0, 2, 1]}), ("MatMul", ["q", "kt"], ["s"], {}), ("Div", ["s", "root"], ["d"], {}),
    ("Softmax", ["d"], ["p"], {"axis": -1}), ("MatMul", ["p", "v"], ["y"], {})],
     (5, 6), 13, {"wq": noise(6, 4), "wk": noise(6, 4), "wv": noise(6, 4), "root": np.float32(2)})

# Normalizations
one("BatchNormalization", (3, 4, 4), 9, {"s": noise(3), "b": noise(3), "m": noise(3), "v": np.abs(noise(3)) + 0.1}, epsilon=0.01)
one("BatchNormalization", (6,), 15, {"s": noise(6), "b": noise(6), "m": noise(6), "v": np.abs(noise(6)) + 0.1}, name="BatchNormalization of vectors")
one("LRN", (7, 3, 3), 13, size=3, alpha=0.1, beta=0.6, bias=1.5)
one("LRN", (6, 2, 2), 7, size=5, name="LRN defaults")
one("LayerNormalization", (4, 6), 17, {"s": noise(6), "b": noise(6)}, epsilon=1e-3)
one("LayerNormalization", (3, 4, 2), 17, {"s": noise(4, 2)}, axis=-2, name="LayerNormalization two axes")
one("InstanceNormalization", (3, 4, 5), 7, {"s": noise(3), "b": noise(3)}, epsilon=1e-3)
one("InstanceNormalization", (3, 8), 13, {"s": noise(3), "b": noise(3)}, name="InstanceNormalization of signals")
one("GroupNormalization", (6, 3, 3), 18, {"s": noise(3), "b": noise(3)}, num_groups=3, name="GroupNormalization 18")
one("GroupNormalization", (6, 3, 3), 21, {"s": noise(6), "b": noise(6)}, num_groups=2, name="GroupNormalization 21")

# Activations
wide = noise(2, 3, 4, scale=3)
for op, opset, attributes in [
    ("Relu", 7, {}), ("LeakyRelu", 7, {"alpha": 0.2}), ("Sigmoid", 7, {}), ("HardSigmoid", 7, {}),
    ("HardSigmoid", 13, {"alpha": 0.3, "beta": 0.4}), ("HardSwish", 14, {}), ("Tanh", 7, {}), ("Exp", 7, {}), ("Erf", 9, {}),
    ("Elu", 7, {"alpha": 1.5}), ("Selu", 7, {}), ("Selu", 13, {"alpha": 1.2, "gamma": 0.9}), ("Softplus", 7, {}),
    ("Softsign", 7, {}), ("Mish", 18, {}), ("Gelu", 20, {}), ("Gelu", 20, {"approximate": "tanh"}), ("Neg", 7, {}),
    ("Abs", 7, {}), ("Floor", 7, {}), ("Ceil", 7, {}), ("Round", 11, {}), ("Sign", 9, {}), ("Identity", 7, {}),
    ("Dropout", 7, {}), ("Dropout", 13, {})]:
    one(op, (3, 4), opset, x=wide, name=" ".join([op, str(opset), *map(str, attributes.values())]), **attributes)
one("Round", (6,), 11, x=[[0.5, 1.5, 2.5, -0.5, -1.5, 0.49]] * 2, name="Round half to even")
positive = np.abs(noise(2, 3, 4)) + np.float32(0.1)
for op in ("Log", "Sqrt", "Reciprocal"):
    one(op, (3, 4), 13, x=positive)
one("PRelu", (3, 4, 4), 7, {"a": noise(3, 1, 1)})
one("PRelu", (3, 4), 16, {"a": noise(4)}, name="PRelu last axis")
one("Clip", (3, 4), 7, min=-0.5, max=0.25, name="Clip 7")
case("Clip 11", [("Clip", ["x", "lo"], ["y"], {})], (3, 4), 11, {"lo": np.float32(-0.2)})
case("Clip 13", [("Clip", ["x", "", "hi"], ["y"], {})], (3, 4), 13, {"hi": np.float32(0.3)})
case("Gelu as exporters write it", [("Div", ["x", "r"], ["a"], {}), ("Erf", ["a"], ["b"], {}), ("Add", ["b", "one"], ["c"], {}),
     ("Mul", ["x", "c"], ["d"], {}), ("Mul", ["d", "half"], ["y"], {})], (3, 4), 13,
     {"r": np.float32(2 ** 0.5), "one": np.float32(1), "half": np.float32(0.5)})

# Softmax: the two readings
for op in ("Softmax", "LogSoftmax"):
    one(op, (3, 4, 2), 7, axis=1, name=f"{op} 7 flattened")
    one(op, (3, 4, 2), 11, axis=2, name=f"{op} 11 flattened")
    one(op, (3, 4, 2), 13, axis=1, name=f"{op} 13 one axis")
    one(op, (3, 4), 13, name=f"{op} 13 default")

# Arithmetic
for op in ("Add", "Sub", "Mul", "Div"):
    one(op, (3, 4, 2), 7, {"c": noise(3, 1, 1) + 2}, name=f"{op} channel constant")
    case(f"{op} constant first", [(op, ["c", "x"], ["y"], {})], (3, 4), 13, {"c": noise(4)}, x=positive)
case("broadcast of activations", [("ReduceMean", ["x"], ["m"], {"axes": [2, 3], "keepdims": 1}), ("Sub", ["x", "m"], ["d"], {}),
     ("Mul", ["m", "d"], ["y"], {})], (3, 4, 2))
one("Pow", (3, 4), 7, {"e": np.float32(2.5)}, x=positive)
one("Pow", (3, 4), 12, {"e": i64(2)}, name="Pow integer exponent")
case("Pow constant base", [("Pow", ["b", "x"], ["y"], {})], (3, 4), 13, {"b": np.float32(2)})
for op in ("Min", "Max", "Sum", "Mean"):
    case(f"{op} of three", [("Neg", ["x"], ["n"], {}), (op, ["x", "n", "c"], ["y"], {})], (3, 4), 13, {"c": noise(4, scale=0.3)})
    case(f"{op} of one", [(op, ["x"], ["y"], {})], (3, 4), 13)
    case(f"{op} of two", [("Exp", ["x"], ["n"], {}), (op, ["x", "n"], ["y"], {})], (3, 4), 8)

# Comparisons, logic, choice
for op, opset in (("Less", 9), ("Greater", 9), ("LessOrEqual", 12), ("GreaterOrEqual", 16), ("Equal", 11)):
    case(f"{op} Where", [("Round", ["x"], ["r"], {}), (op, ["r", "c"], ["b"], {}), ("Where", ["b", "x", "z"], ["y"], {})], (3, 4),
         max(opset, 11), {"c": np.float32(0), "z": noise(3, 4)})
case("boolean output", [("Less", ["x", "c"], ["y"], {})], (3, 4), 13, {"c": np.float32(0)})
for op in ("And", "Or", "Xor"):
    case(op, [("Less", ["x", "c"], ["a"], {}), ("Greater", ["x", "d"], ["b"], {}), ("Not", ["b"], ["n"], {}), (op, ["a", "n"], ["l"], {}),
         ("Cast", ["l"], ["y"], {"to": TensorProto.FLOAT})], (3, 4), 13, {"c": np.float32(0.3), "d": np.float32(-0.3)})
case("Where constant condition", [("Where", ["b", "x", "n"], ["y"], {})], (3, 4), 9, {"b": np.array([True, False, True, False]), "n": np.float32(-1)})
case("Where constant choice", [("Greater", ["x", "z"], ["b"], {}), ("Where", ["b", "one", "z"], ["y"], {})], (3, 4), 16, {"one": np.float32(1), "z": np.float32(0)})
case("Cast to integers and back", [("Cast", ["x"], ["i"], {"to": TensorProto.INT32}), ("Cast", ["i"], ["y"], {"to": TensorProto.FLOAT})], (3, 4), 13, x=wide)
case("Cast to boolean", [("Floor", ["x"], ["f"], {}), ("Cast", ["f"], ["b"], {"to": TensorProto.BOOL}), ("Cast", ["b"], ["y"], {"to": TensorProto.FLOAT})], (3, 4))
case("CastLike", [("Greater", ["x", "z"], ["b"], {}), ("CastLike", ["b", "x"], ["y"], {})], (3, 4), 15, {"z": np.float32(0)})

# Pools
for op in ("MaxPool", "AveragePool"):
    one(op, (2, 7, 6), 7, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], name=f"{op} pads")
    one(op, (2, 8, 7), 10, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, name=f"{op} ceil")
    one(op, (2, 8, 7), 11, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER", name=f"{op} SAME_UPPER")
one("AveragePool", (2, 6, 6), 11, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1, name="AveragePool counts pads")
one("GlobalAveragePool", (3, 4, 5), 7)
one("GlobalMaxPool", (3, 4, 5), 7)

# Reductions
for op in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"):
    one(op, (3, 4, 2), 11, axes=[2, 3], keepdims=0, x=np.abs(noise(2, 3, 4, 2)) + np.float32(0.2), name=f"{op} 11")
    one(op, (3, 4, 2), 18, {"axes": i64(-1)}, x=np.abs(noise(2, 3, 4, 2)) + np.float32(0.2), name=f"{op} 18")
one("ReduceSum", (3, 4), 13, {"axes": i64(1)}, name="ReduceSum 13")
one("ReduceMean", (3, 4), 18, noop_with_empty_axes=1, name="ReduceMean no axes")
for op in ("ArgMax", "ArgMin"):
    one(op, (5, 3), 11, axis=1, name=f"{op} 11")
    one(op, (4, 3), 13, axis=-1, keepdims=0, select_last_index=1, x=np.round(noise(2, 4, 3)), name=f"{op} last of equals")
case("ArgMax as a mask", [("ArgMax", ["x"], ["i"], {"axis": 1, "keepdims": 1}), ("Cast", ["i"], ["f"], {"to": TensorProto.FLOAT}),
     ("Mul", ["x", "f"], ["y"], {})], (4, 3))

# Pieces
case("Concat", [("Neg", ["x"], ["n"], {}), ("Concat", ["x", "n", "x"], ["y"], {"axis": 1})], (2, 3, 2), 7)
case("Concat negative axis", [("Neg", ["x"], ["n"], {}), ("Concat", ["x", "n"], ["y"], {"axis": -1})], (2, 3), 11)
case("class token", [("Shape", ["x"], ["s"], {}), ("Gather", ["s", "zero"], ["n"], {}), ("Unsqueeze", ["n", "first"], ["m"], {}),
     ("Concat", ["m", "rest"], ["t"], {"axis": 0}), ("Expand", ["token", "t"], ["e"], {}), ("Concat", ["e", "x"], ["y"], {"axis": 1})],
     (3, 4), 13, {"zero": np.int64(0), "first": i64(0), "rest": i64(1, 4), "token": noise(1, 1, 4)})
case("Split 11", [("Split", ["x"], ["p", "q"], {"axis": 1, "split": [1, 3]}), ("Mul", ["p", "q"], ["y"], {})], (4, 3), 11)
case("Split 13", [("Split", ["x", "sizes"], ["p", "q"], {"axis": 1}), ("Mul", ["p", "q"], ["y"], {})], (4, 3), 13, {"sizes": i64(1, 3)})
case("Split 13 equal", [("Split", ["x"], ["p", "q"], {"axis": -1}), ("Sub", ["p", "q"], ["y"], {})], (3, 4), 13)
case("Split 18", [("Split", ["x"], ["p", "q"], {"axis": 1, "num_outputs": 2}), ("Sub", ["p", "q"], ["y"], {})], (4, 3), 18)
case("Split uneven 18", [("Split", ["x"], ["p", "q", "y"], {"axis": 1, "num_outputs": 3})], (7, 2), 18, outputs=("p", "q", "y"))
one("Slice", (5, 6), 9, starts=[1, -4], ends=[4, 2147483647], axes=[1, 2], name="Slice 9")
case("Slice 10 backwards", [("Slice", ["x", "s", "e", "a", "t"], ["y"], {})], (5, 6), 10,
     {"s": i64(-1, 4), "e": i64(-(2 ** 62), 0), "a": i64(1, 2), "t": i64(-1, -2)})
case("Slice 13 without axes", [("Slice", ["x", "s", "e"], ["y"], {})], (5, 6), 13, {"s": i64(0, 1), "e": i64(2 ** 62, 3)})
one("Gather", (5, 3), 11, {"i": i64(2, 0, -1)}, axis=1, name="Gather list")
one("Gather", (5, 3), 13, {"i": np.int64(1)}, axis=2, name="Gather one")
one("Gather", (5, 3), 13, {"i": np.array([[0, 1], [4, -2]], np.int64)}, axis=1, name="Gather table")
one("Pad", (2, 3, 3), 7, pads=[0, 0, 1, 2, 0, 0, 0, 1], value=1.5, name="Pad 7")
for mode, opset in (("reflect", 11), ("edge", 13), ("wrap", 19)):
    one("Pad", (2, 3, 4), opset, {"p": i64(0, 0, 1, 2, 0, 0, 2, 1)}, mode=mode, name=f"Pad {mode}")
case("Pad 18 axes", [("Pad", ["x", "p", "v", "a"], ["y"], {})], (2, 3, 3), 18, {"p": i64(1, 0, 0, 2), "v": np.float32(-1), "a": i64(-1, 2)})
one("Pad", (2, 4, 4), 11, {"p": i64(0, 0, -1, 1, 0, 0, 1, -2)}, name="Pad crops")

# Shapes
case("Reshape 0 and -1", [("Reshape", ["x", "s"], ["y"], {})], (4, 3, 2), 7, {"s": i64(0, 2, -1)})
case("Flatten", [("Flatten", ["x"], ["y"], {"axis": 1})], (4, 3, 2), 9)
case("Squeeze Unsqueeze 11", [("Unsqueeze", ["x"], ["u"], {"axes": [2]}), ("Squeeze", ["u"], ["s"], {"axes": [2]}), ("Unsqueeze", ["s"], ["y"], {"axes": [1, 4]})], (4, 3), 11)
case("Squeeze Unsqueeze 13", [("Unsqueeze", ["x", "a"], ["u"], {}), ("Squeeze", ["u", "a"], ["y"], {})], (4, 3), 13, {"a": i64(-1)})
one("Transpose", (2, 3, 4), 7, perm=[0, 3, 1, 2])
case("channel shuffle", [("Reshape", ["x", "a"], ["r"], {}), ("Transpose", ["r"], ["t"], {"perm": [0, 2, 1, 3, 4]}), ("Reshape", ["t", "b"], ["y"], {})],
     (6, 2, 3), 9, {"a": i64(0, 2, 3, 2, 3), "b": i64(0, -1, 2, 3)})
case("channel shuffle of computed shapes", [("Shape", ["x"], ["s"], {}), ("Gather", ["s", "zero"], ["n"], {"axis": 0}), ("Unsqueeze", ["n", "first"], ["m"], {}),
     ("Concat", ["m", "split"], ["a"], {"axis": 0}), ("Concat", ["m", "join"], ["b"], {"axis": 0}), ("Reshape", ["x", "a"], ["r"], {}),
     ("Transpose", ["r"], ["t"], {"perm": [0, 2, 1, 3, 4]}), ("Reshape", ["t", "b"], ["y"], {})],
     (6, 2, 3), 13, {"zero": np.int64(0), "first": i64(0), "split": i64(2, 3, 2, 3), "join": i64(6, 2, 3)})
one("Expand", (1, 3), 8, {"s": i64(1, 4, 3)})
one("Expand", (4, 1), 13, {"s": i64(5)}, name="Expand short target")
one("Tile", (2, 3), 6 + 1, {"r": i64(1, 2, 3)})
case("Expand to a computed shape", [("Shape", ["x"], ["s"], {}), ("ReduceMean", ["x"], ["m"], {"axes": [2]}), ("Expand", ["m", "s"], ["y"], {})], (3, 4))
case("mask of a range", [("Range", ["zero", "four", "one"], ["r"], {}), ("Less", ["r", "two"], ["b"], {}), ("Where", ["b", "x", "f"], ["y"], {})], (3, 4), 13,
     {"zero": np.int64(0), "four": np.int64(4), "one": np.int64(1), "two": np.int64(2), "f": np.float32(-5)})
case("constants of shapes", [("Shape", ["x"], ["s"], {}), ("ConstantOfShape", ["s"], ["c"], {"value": numpy_helper.from_array(f32(2.5), "v")}),
     ("Size", ["x"], ["n"], {}), ("Mul", ["x", "c"], ["y"], {})], (3, 4), 13)
# The folded helpers of exporters: Where, Equal, Tile, Not, Split, Max, ReduceProd on shapes.
case("folded arithmetic", [
    ("Shape", ["x"], ["s"], {}), ("Split", ["s"], ["n", "c", "h"], {"axis": 0}), ("Mul", ["c", "h"], ["p"], {}), ("Equal", ["p", "twelve"], ["e"], {}),
    ("Not", ["e"], ["ne"], {}), ("Where", ["ne", "minus", "p"], ["q"], {}), ("Max", ["q", "minus", "one"], ["r"], {}), ("ReduceProd", ["r"], ["t"], {"axes": [0], "keepdims": 1}),
    ("Concat", ["n", "t"], ["shape"], {"axis": 0}), ("Reshape", ["x", "shape"], ["y"], {})],
     (3, 4), 13, {"twelve": i64(12), "minus": i64(-1), "one": i64(1)})
case("folded floats", [
    ("Sqrt", ["a"], ["r"], {}), ("Tile", ["r", "two"], ["t"], {}), ("Split", ["t"], ["u", "v"], {"axis": 0}), ("Pow", ["u", "v"], ["p"], {}), ("Min", ["p", "u", "half"], ["m"], {}),
    ("Sigmoid", ["m"], ["g"], {}), ("Where", ["b", "g", "half"], ["w"], {}), ("ReduceMean", ["w"], ["k"], {"axes": [0]}), ("Mul", ["x", "w"], ["z"], {}), ("Add", ["z", "k"], ["y"], {})],
     (2, 3), 13, {"a": f32(1, 2, 3), "two": i64(2), "half": np.float32(0.5), "b": np.array([True, False, True])})

# Images
one("DepthToSpace", (8, 2, 3), 7, blocksize=2, name="DepthToSpace 7")
one("DepthToSpace", (8, 2, 3), 11, blocksize=2, mode="CRD", name="DepthToSpace CRD")
one("SpaceToDepth", (2, 4, 6), 7, blocksize=2)
one("Upsample", (2, 3, 4), 7, scales=[1.0, 1.0, 2.0, 3.0], mode="nearest", name="Upsample 7")
one("Upsample", (2, 3, 4), 9, {"s": f32(1, 1, 2, 2)}, mode="linear", name="Upsample 9 linear")
one("Resize", (2, 3, 4), 10, {"s": f32(1, 1, 2, 1.5)}, mode="nearest", name="Resize 10")
one("Resize", (2, 6, 4), 10, {"s": f32(1, 1, 0.5, 0.5)}, mode="nearest", name="Resize 10 down")
one("Resize", (2, 3, 4), 10, {"s": f32(1, 1, 2, 2)}, mode="linear", name="Resize 10 linear")
for mode in ("nearest", "linear", "cubic"):
    for where in ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"):
        case(f"Resize {mode} {where}", [("Resize", ["x", "", "s"], ["y"], {"mode": mode, "coordinate_transformation_mode": where})], (1, 3, 4), 13, {"s": f32(1, 1, 2, 1.5)})
for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    case(f"Resize {rounding}", [("Resize", ["x", "", "s"], ["y"], {"nearest_mode": rounding, "coordinate_transformation_mode": "asymmetric"})], (1, 4, 5), 13, {"s": f32(1, 1, 0.6, 1.7)})
case("Resize to sizes", [("Shape", ["x"], ["s"], {}), ("Slice", ["s", "from", "to"], ["nc"], {}), ("Concat", ["nc", "hw"], ["t"], {"axis": 0}),
     ("Resize", ["x", "roi", "roi", "t"], ["y"], {"mode": "linear"})], (2, 3, 4), 11, {"from": i64(0), "to": i64(2), "hw": i64(7, 5), "roi": f32()})
case("Resize cubic down", [("Resize", ["x", "", "s"], ["y"], {"mode": "cubic", "cubic_coeff_a": -0.5})], (1, 8, 9), 13, {"s": f32(1, 1, 0.5, 0.7)})
case("Resize 18 axes", [("Resize", ["x", "", "", "s"], ["y"], {"mode": "nearest", "axes": [2, 3]})], (2, 3, 4), 18, {"s": i64(6, 6)})
case("Resize 19", [("Resize", ["x", "", "s"], ["y"], {"mode": "linear"})], (2, 3, 4), 19, {"s": f32(1, 1, 2, 2)})

# Whole blocks
case("two outputs", [("Relu", ["x"], ["a"], {}), ("ReduceSum", ["a", "axes"], ["b"], {"keepdims": 0})], (3, 4), 13, {"axes": i64(2)}, outputs=("a", "b"))
case("squeeze and excite", [("GlobalAveragePool", ["x"], ["p"], {}), ("Conv", ["p", "w1"], ["a"], {}), ("Relu", ["a"], ["b"], {}), ("Conv", ["b", "w2"], ["c"], {}),
     ("HardSigmoid", ["c"], ["d"], {}), ("Mul", ["x", "d"], ["y"], {})], (4, 3, 3), 13, {"w1": noise(2, 4, 1, 1), "w2": noise(4, 2, 1, 1)})
case("half weights", [("Cast", ["w"], ["v"], {"to": TensorProto.FLOAT}), ("Conv", ["x", "v"], ["y"], {})], (3, 4, 4), 13, {"w": noise(2, 3, 3, 3).astype(np.float16)})

out = pathlib.Path(__file__).resolve().parent.parent / "data" / "onnx_ops.json"
out.parent.mkdir(exist_ok=True)
lines = [json.dumps(c, separators=(",", ":")) for c in cases]
out.write_text("[\n" + ",\n".join(lines) + "\n]\n")
print(len(cases), "cases,", out.stat().st_size, "bytes")
