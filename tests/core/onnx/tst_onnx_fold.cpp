// Constant folding, op by op, against values worked by hand (numpy's rules).

#include "core/onnx/fold.h"

#include <QTest>

using namespace widthwise;
using widthwise::onnx::fold_split;
using widthwise::onnx::FoldBudget;
using widthwise::onnx::NodeView;
using widthwise::onnx::Operand;
using widthwise::onnx::RawAttribute;
using widthwise::onnx::RawNode;

namespace {

using Integers = std::vector<int64_t>;
using Attributes = std::map<std::string, RawAttribute>;

TensorPtr ints(Shape shape, Integers values) {
    return std::make_shared<const Tensor>(Tensor::from_i64(std::move(shape), std::move(values)));
}
TensorPtr vec(Integers values) {
    const auto count = static_cast<int64_t>(values.size());
    return ints({count}, std::move(values));
}
TensorPtr reals(Shape shape, std::vector<float> values) {
    return std::make_shared<const Tensor>(Tensor::from_f32(std::move(shape), std::move(values)));
}
/// 0, 1, 2, ...
TensorPtr counting(Shape shape) {
    Integers values(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i);
    return ints(std::move(shape), std::move(values));
}

Result<TensorPtr> fold(const std::string& op, const std::vector<TensorPtr>& inputs,
                       Attributes attributes = {}, int opset = 13) {
    RawNode node;
    node.name = node.op_type = op;
    node.outputs = {"out"};
    node.attributes = std::move(attributes);
    std::vector<Operand> operands;
    for (const TensorPtr& tensor : inputs) {
        Operand operand;
        if (tensor) {
            operand =
                Operand{"in" + std::to_string(operands.size()), tensor->type(), tensor->shape(), tensor};
        }
        operands.push_back(std::move(operand));
    }
    NodeView view(node, opset, operands);
    FoldBudget budget;
    return widthwise::onnx::fold(view, budget);
}

/// Shape and contents in one line: "2x2: 1 2 3 4"; "?" where nothing was folded.
std::string text(const Result<TensorPtr>& result) {
    if (!result) return "error: " + result.error().message;
    if (!*result) return "?";
    std::string out = (*result)->shape().to_string() + ":";
    const bool real = (*result)->type() == DataType::f32;
    for (const float v : (*result)->to_f32()) {
        out += ' ' +
               (real ? QByteArray::number(double(v)).toStdString() : std::to_string(static_cast<int64_t>(v)));
    }
    return out;
}

#define FOLDS_TO(result, expected) QCOMPARE(text(result), std::string(expected))

} // namespace

class TestOnnxFold : public QObject {
    Q_OBJECT
private slots:
    void shapes_are_read_without_contents() {
        RawNode node;
        node.op_type = "Shape";
        node.outputs = {"out"};
        const std::vector<Operand> operands{Operand{"x", DataType::f32, Shape{1, 3, 5}, nullptr}};
        FoldBudget budget;
        NodeView whole(node, 13, operands);
        FOLDS_TO(widthwise::onnx::fold(whole, budget), "3: 1 3 5");
        node.attributes = {{"start", int64_t{-2}}, {"end", int64_t{9}}};
        NodeView part(node, 15, operands);
        FOLDS_TO(widthwise::onnx::fold(part, budget), "2: 3 5");
        node.op_type = "Size";
        NodeView size(node, 13, operands);
        FOLDS_TO(widthwise::onnx::fold(size, budget), "scalar: 15");
    }

    void moves() {
        FOLDS_TO(fold("Gather", {counting({3, 2}), ints({}, {-1})}, {{"axis", int64_t{0}}}), "2: 4 5");
        FOLDS_TO(fold("Gather", {counting({3, 2}), ints({2, 1}, {1, 0})}, {{"axis", int64_t{1}}}),
                 "3x2x1: 1 0 3 2 5 4");
        FOLDS_TO(fold("Gather", {counting({2}), vec({2})}), "error: its index 2 leaves 2");
        FOLDS_TO(fold("Concat", {counting({2, 1}), counting({2, 2})}, {{"axis", int64_t{-1}}}),
                 "2x3: 0 0 1 1 2 3");
        FOLDS_TO(fold("Concat", {vec({}), vec({7})}, {{"axis", int64_t{0}}}), "1: 7");
        FOLDS_TO(fold("Transpose", {counting({2, 3})}), "3x2: 0 3 1 4 2 5");
        FOLDS_TO(fold("Transpose", {counting({1, 2, 2})}, {{"perm", Integers{2, 0, 1}}}), "2x1x2: 0 2 1 3");
        FOLDS_TO(fold("Transpose", {counting({2, 3})}, {{"perm", Integers{0, 0}}}),
                 "error: its perm is no permutation");
        FOLDS_TO(fold("Slice", {counting({6}), vec({-1}), vec({std::numeric_limits<int64_t>::min()}),
                                vec({0}), vec({-2})}),
                 "3: 5 3 1");
        FOLDS_TO(fold("Slice", {counting({2, 4}), vec({1}), vec({3}), vec({1})}), "2x2: 1 2 5 6");
        FOLDS_TO(fold("Slice", {counting({6})}, {{"starts", Integers{4}}, {"ends", Integers{99}}}, 9),
                 "2: 4 5");
        FOLDS_TO(fold("Slice", {counting({6}), vec({5}), vec({2})}), "0:");
        FOLDS_TO(fold("Slice", {counting({6}), vec({0}), vec({6}), vec({0}), vec({0})}),
                 "error: its step is 0");
        FOLDS_TO(fold("Reshape", {counting({2, 3}), vec({0, -1, 1})}), "2x3x1: 0 1 2 3 4 5");
        FOLDS_TO(fold("Reshape", {counting({2, 3}), vec({4, -1})}), "error: it cannot reshape 2x3 to 4x-1");
        FOLDS_TO(fold("Squeeze", {counting({1, 2, 1})}), "2: 0 1");
        FOLDS_TO(fold("Squeeze", {counting({1, 2, 1}), vec({-1})}), "1x2: 0 1");
        FOLDS_TO(fold("Unsqueeze", {counting({2})}, {{"axes", Integers{0, 2}}}, 11), "1x2x1: 0 1");
        FOLDS_TO(fold("Flatten", {counting({2, 2, 1})}), "2x2: 0 1 2 3");
        FOLDS_TO(fold("Expand", {counting({2, 1}), vec({3, 1, 2})}), "3x2x2: 0 0 1 1 0 0 1 1 0 0 1 1");
        FOLDS_TO(fold("Identity", {counting({2})}), "2: 0 1");
    }

    void creations() {
        FOLDS_TO(fold("ConstantOfShape", {vec({2})}), "2: 0 0");
        FOLDS_TO(fold("ConstantOfShape", {vec({1, 2})}, {{"value", vec({7})}}), "1x2: 7 7");
        FOLDS_TO(fold("ConstantOfShape", {vec({1 << 30, 1 << 9})}), "?");
        FOLDS_TO(fold("ConstantOfShape", {vec({-1})}), "error: its shape -1 is impossible");
        FOLDS_TO(fold("Constant", {}, {{"value", reals({2}, {0.5F, -1})}}), "2: 0.5 -1");
        FOLDS_TO(fold("Constant", {}, {{"value_ints", Integers{3, 4}}}), "2: 3 4");
        FOLDS_TO(fold("Range", {ints({}, {1}), ints({}, {8}), ints({}, {3})}), "3: 1 4 7");
        FOLDS_TO(fold("Range", {ints({}, {8}), ints({}, {1}), ints({}, {-3})}), "3: 8 5 2");
        FOLDS_TO(fold("Range", {ints({}, {0}), ints({}, {1}), ints({}, {0})}), "error: its step is 0");
        FOLDS_TO(fold("Range", {ints({}, {0}), ints({}, {1LL << 60}), ints({}, {1})}),
                 "error: it asks for too many values");
    }

    void arithmetic() {
        FOLDS_TO(fold("Add", {counting({2, 2}), vec({10, 20})}), "2x2: 10 21 12 23");
        FOLDS_TO(fold("Sub", {ints({}, {5}), counting({2, 1})}), "2x1: 5 4");
        FOLDS_TO(fold("Mul", {counting({2, 1}), counting({1, 3})}), "2x3: 0 0 0 0 1 2");
        FOLDS_TO(fold("Div", {vec({7, -7}), vec({2, 2})}), "2: 3 -3"); // integers are cut, not rounded
        FOLDS_TO(fold("Div", {vec({1}), vec({0})}), "error: it divides by zero");
        FOLDS_TO(fold("Div", {reals({2}, {1, 3}), reals({}, {4})}), "2: 0.25 0.75");
        FOLDS_TO(fold("Pow", {reals({2}, {2, 3}), reals({}, {3})}), "2: 8 27");
        FOLDS_TO(fold("Min", {vec({1, 5}), vec({3, 3})}), "2: 1 3");
        FOLDS_TO(fold("Max", {reals({2}, {1, 5}), reals({}, {3})}), "2: 3 5");
        FOLDS_TO(fold("Sqrt", {reals({2}, {4, 9})}), "2: 2 3");
        FOLDS_TO(fold("Neg", {reals({1}, {4})}), "1: -4");
        FOLDS_TO(fold("Floor", {reals({2}, {1.5F, -1.5F})}), "2: 1 -2");
        FOLDS_TO(fold("Equal", {vec({1, 2}), ints({}, {2})}), "2: 0 1");
        FOLDS_TO(fold("Less", {reals({2}, {1, 2}), reals({}, {2})}), "2: 1 0");
        FOLDS_TO(fold("Greater", {vec({3}), vec({2})}), "1: 1");
        FOLDS_TO(
            fold("Where", {fold("Equal", {vec({1, 2}), vec({1, 1})}).value(), vec({10, 20}), vec({-1, -2})}),
            "2: 10 -2");
        FOLDS_TO(fold("ReduceProd", {vec({2, 3, 4})}, {{"keepdims", int64_t{0}}}), "scalar: 24");
        FOLDS_TO(fold("Add", {counting({2}), counting({3})}), "error: shapes 2 and 3 cannot be broadcast");
        FOLDS_TO(fold("Add", {counting({2}), reals({2}, {1, 1})}), "error: its inputs have different types");
        // The smallest integer has no positive counterpart: wrapped, not undefined.
        const auto smallest = vec({std::numeric_limits<int64_t>::min()});
        QCOMPARE(fold("Div", {smallest, vec({-1})}).value()->to_i64(), smallest->to_i64());
    }

    void casts() {
        FOLDS_TO(fold("Cast", {reals({3}, {1.9F, -1.9F, 0})}, {{"to", int64_t{7}}}), "3: 1 -1 0");
        FOLDS_TO(fold("Cast", {vec({300, -1})}, {{"to", int64_t{2}}}), "2: 44 255"); // uint8 wraps
        FOLDS_TO(fold("Cast", {vec({5, 0})}, {{"to", int64_t{9}}}), "2: 1 0");
        FOLDS_TO(fold("Cast", {vec({5})}, {{"to", int64_t{1}}}), "1: 5");
        FOLDS_TO(fold("Cast", {vec({5})}, {{"to", int64_t{8}}}), "?"); // strings
        QVERIFY(!fold("Cast", {reals({1}, {std::numeric_limits<float>::infinity()})}, {{"to", int64_t{7}}}));
        QCOMPARE(fold("Cast", {vec({5})}, {{"to", int64_t{6}}}).value()->type(), DataType::i32);
    }

    void dequantization() {
        FOLDS_TO(fold("DequantizeLinear",
                      {fold("Cast", {vec({1, -2})}, {{"to", int64_t{3}}}).value(), reals({}, {0.5F})}),
                 "2: 0.5 -1");
        const auto q = fold("Cast", {counting({2, 2})}, {{"to", int64_t{2}}}).value();
        const auto zero = fold("Cast", {vec({1, 2})}, {{"to", int64_t{2}}}).value();
        FOLDS_TO(fold("DequantizeLinear", {q, reals({2}, {1, 10}), zero}, {{"axis", int64_t{0}}}),
                 "2x2: -1 0 0 10");
        FOLDS_TO(fold("DequantizeLinear", {q, reals({2}, {1, 10}), zero}, {{"axis", int64_t{1}}}),
                 "2x2: -1 -10 1 10");
        QVERIFY(!fold("DequantizeLinear", {q, reals({3}, {1, 1, 1})}, {{"axis", int64_t{0}}}));
    }

    void logic_choices_and_repetitions() {
        const auto less = fold("LessOrEqual", {vec({1, 2, 3}), ints({}, {2})}).value();
        FOLDS_TO(less, "3: 1 1 0");
        FOLDS_TO(fold("GreaterOrEqual", {vec({1, 2, 3}), ints({}, {2})}), "3: 0 1 1");
        FOLDS_TO(fold("Not", {less}), "3: 0 0 1");
        const auto equal = fold("Equal", {vec({1, 5, 3}), vec({1, 2, 3})}).value();
        FOLDS_TO(fold("And", {less, equal}), "3: 1 0 0");
        FOLDS_TO(fold("Or", {less, equal}), "3: 1 1 1");
        FOLDS_TO(fold("Xor", {less, equal}), "3: 0 1 1");
        FOLDS_TO(fold("And", {less, vec({1, 1, 1})}), "error: its inputs are int64, not boolean");
        FOLDS_TO(fold("Where", {less, reals({}, {0.5F}), reals({2, 1}, {1, 2})}), "2x3: 0.5 0.5 1 0.5 0.5 2");
        FOLDS_TO(fold("Max", {vec({1, 9}), ints({}, {4}), vec({2, 2})}), "2: 4 9");
        FOLDS_TO(fold("Mod", {vec({-7, 7, -7}), vec({3, -3, -3})}), "3: 2 -2 -1"); // Python's signs
        FOLDS_TO(fold("Mod", {vec({1}), vec({0})}), "error: it divides by zero");
        FOLDS_TO(fold("Pow", {vec({3, -2}), vec({4, 3})}), "2: 81 -8");
        FOLDS_TO(fold("Tile", {counting({2, 1}), vec({1, 3})}), "2x3: 0 0 0 1 1 1");
        FOLDS_TO(fold("Tile", {counting({2}), vec({-1})}), "error: its repeats hold -1");
        FOLDS_TO(fold("Tile", {counting({2}), vec({1LL << 40})}), "?"); // too large
    }

    void reductions() {
        const TensorPtr table = counting({2, 3});
        FOLDS_TO(fold("ReduceProd", {vec({2, 3, 4})}, {{"keepdims", int64_t{0}}}), "scalar: 24");
        FOLDS_TO(fold("ReduceSum", {table, vec({0})}), "1x3: 3 5 7");
        FOLDS_TO(fold("ReduceMax", {table}, {{"axes", Integers{-1}}, {"keepdims", int64_t{0}}}, 11),
                 "2: 2 5");
        FOLDS_TO(fold("ReduceMin", {table}), "1x1: 0");
        FOLDS_TO(fold("ReduceMean", {reals({2, 2}, {1, 2, 3, 6})}, {{"axes", Integers{1}}}), "2x1: 1.5 4.5");
        FOLDS_TO(fold("ReduceSum", {table}, {{"noop_with_empty_axes", int64_t{1}}}), "2x3: 0 1 2 3 4 5");
        FOLDS_TO(fold("ReduceSum", {table, vec({2})}), "error: axis 2 does not exist in 2 dimensions");
    }

    void splits() {
        RawNode node;
        node.name = node.op_type = "Split";
        node.outputs = {"a", "", "c"};
        node.attributes = {{"axis", int64_t{1}}};
        const TensorPtr table = counting({2, 5}), sizes = vec({1, 3, 1});
        const std::vector<Operand> operands{Operand{"x", DataType::i64, table->shape(), table},
                                            Operand{"s", DataType::i64, sizes->shape(), sizes}};
        FoldBudget budget;
        NodeView view(node, 13, operands);
        const auto pieces = fold_split(view, budget);
        QVERIFY(pieces && pieces->size() == 3);
        FOLDS_TO((*pieces)[0], "2x1: 0 5");
        FOLDS_TO((*pieces)[1], "2x3: 1 2 3 6 7 8");
        FOLDS_TO((*pieces)[2], "2x1: 4 9");
        NodeView equal(node, 18, std::span(operands).first(1)); // 2, 2 and what is left
        const auto parts = fold_split(equal, budget);
        QVERIFY(parts && parts->size() == 3);
        FOLDS_TO((*parts)[2], "2x1: 4 9");
        const TensorPtr wrong = vec({1, 3, 2});
        const std::vector<Operand> misfits{operands[0], Operand{"s", DataType::i64, wrong->shape(), wrong}};
        NodeView bad(node, 13, misfits);
        QVERIFY(!fold_split(bad, budget));
    }

    void what_is_not_constant_stays() {
        RawNode node;
        node.op_type = "Add";
        node.outputs = {"out"};
        const std::vector<Operand> operands{Operand{"x", DataType::f32, Shape{1, 2}, nullptr},
                                            Operand{"c", DataType::f32, Shape{2}, reals({2}, {1, 2})}};
        FoldBudget budget;
        NodeView view(node, 13, operands);
        FOLDS_TO(widthwise::onnx::fold(view, budget), "?");
        FOLDS_TO(fold("Relu", {reals({1}, {1})}), "?");
        budget.bytes = 0;
        node.op_type = "Identity";
        const std::vector<Operand> constant{operands[1]};
        NodeView poor(node, 13, constant);
        FOLDS_TO(widthwise::onnx::fold(poor, budget), "?");
        QVERIFY(!fold("Gather", {counting({2}), vec({0})}, {{"axis", 1.5F}})); // an axis that is no integer
    }
};

QTEST_APPLESS_MAIN(TestOnnxFold)
#include "tst_onnx_fold.moc"
