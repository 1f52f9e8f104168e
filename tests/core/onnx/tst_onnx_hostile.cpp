// Files that are broken or mean harm: each is one Error that names the file (and the node, where there is
// one), or a graph that is sound. Nothing throws, crashes or asks for gigabytes.

#include "core/base/rng.h"
#include "tests/core/onnx/hostile_models.h"

#include <sys/resource.h>

using namespace widthwise;
using test::error_of;
using test::expect_error;
using test::expect_sound;
using test::Imported;
using test::ProtoModel;
using test::sample;
using test::set;

namespace {

int64_t peak_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace

class TestOnnxHostile : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        // Bad files may not cost memory: 3 GiB of address space is far more than these tests need.
#if !defined(__SANITIZE_ADDRESS__)
        const rlimit limit{rlim_t{3} << 30, RLIM_INFINITY};
        ::setrlimit(RLIMIT_AS, &limit);
#endif
        const auto result = sample().import();
        QVERIFY2(result, error_of(result).c_str());
        QVERIFY(!result->graph->first_unsupported().valid());
        QCOMPARE(result->graph->nodes().size(), size_t(6));
    }

    void truncated_anywhere() {
        const std::string bytes = sample().bytes();
        for (size_t size = 0; size < bytes.size(); size += 1 + size / 200) {
            const auto result = onnx_bytes(bytes.substr(0, size));
            QVERIFY2(!result, qPrintable(QString::number(size)));
            expect_sound(result);
        }
    }

    void random_bytes() {
        Rng rng(17);
        for (int i = 0; i < 500; ++i) {
            std::string bytes(rng.below(400) + 1, '\0');
            for (char& c : bytes) c = static_cast<char>(rng.below(256));
            expect_sound(onnx_bytes(bytes));
        }
    }

    void flipped_bits() {
        Rng rng(23);
        const std::string original = sample().bytes();
        int accepted = 0;
        for (int i = 0; i < 3000; ++i) {
            std::string bytes = original;
            const uint64_t flips = rng.below(4) + 1;
            for (uint64_t k = 0; k < flips; ++k)
                bytes[rng.below(bytes.size())] ^= static_cast<char>(1U << rng.below(8));
            const auto result = onnx_bytes(bytes);
            accepted += result.has_value();
            expect_sound(result);
        }
        QVERIFY(accepted > 0); // flips in weights do no harm
    }

    /// Numbers of the file replaced by nasty ones: attributes, dimensions, shape constants.
    void nasty_numbers() {
        constexpr int64_t big = std::numeric_limits<int64_t>::max(),
                          small = std::numeric_limits<int64_t>::min();
        const std::vector<int64_t> nasty{small, -(1LL << 32), -2,        -1,        0,         1,  2,
                                         3,     65536,        1LL << 31, 1LL << 33, 1LL << 62, big};
        Rng rng(29);
        for (int i = 0; i < 3000; ++i) {
            ProtoModel m = sample();
            const auto pick = [&] { return nasty[rng.below(nasty.size())]; };
            auto& graph = m.graph();
            switch (rng.below(4)) {
            case 0: {
                auto& dims = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
                dims.mutable_dim(static_cast<int>(rng.below(4)))->set_dim_value(pick());
                break;
            }
            case 1: {
                auto& node = *graph.mutable_node(
                    static_cast<int>(rng.below(static_cast<uint64_t>(graph.node_size()))));
                if (node.attribute_size() == 0) continue;
                auto& a = *node.mutable_attribute(
                    static_cast<int>(rng.below(static_cast<uint64_t>(node.attribute_size()))));
                if (a.ints_size() > 0)
                    a.set_ints(static_cast<int>(rng.below(static_cast<uint64_t>(a.ints_size()))), pick());
                else
                    a.set_i(pick());
                break;
            }
            case 2: {
                auto& t = *graph.mutable_initializer(
                    static_cast<int>(rng.below(static_cast<uint64_t>(graph.initializer_size()))));
                if (t.dims_size() > 0)
                    t.set_dims(static_cast<int>(rng.below(static_cast<uint64_t>(t.dims_size()))), pick());
                break;
            }
            default:
                for (auto& t : *graph.mutable_initializer()) {
                    if (t.int64_data_size() > 0 && rng.below(2) == 0) t.set_int64_data(0, pick());
                }
            }
            expect_sound(m.import());
        }
    }

    /// Ops that we do not run meet libonnx's shape inference: it divides by what it is given.
    void nasty_attributes_of_unsupported_ops() {
        const std::vector<int64_t> nasty{std::numeric_limits<int64_t>::min(), -1, 0, 1LL << 32,
                                         std::numeric_limits<int64_t>::max()};
        for (const int64_t value : nasty) {
            for (const char* op : {"DepthToSpace", "SpaceToDepth"}) {
                ProtoModel m;
                m.input("x", {-1, 4, 8, 8}).output("y", {-1, 4, 8, 8});
                set(m.node(op, {"x"}, {"y"}), "blocksize", value);
                expect_sound(m.import());
            }
            for (const char* op : {"LpPool", "ConvTranspose", "ConvInteger"}) {
                ProtoModel m;
                m.input("x", {-1, 4, 8, 8}).output("y", {-1, 4, 8, 8});
                m.weights("w", {4, 4, 2, 2});
                const bool pool = std::string(op) == "LpPool";
                auto& node = pool ? m.node(op, {"x"}, {"y"}) : m.node(op, {"x", "w"}, {"y"});
                set(node, "strides", std::vector<int64_t>{value, value});
                set(node, "kernel_shape", std::vector<int64_t>{2, 2});
                expect_sound(m.import());
            }
        }
    }

    void huge_dimensions() {
        ProtoModel input = sample();
        input.graph()
            .mutable_input(0)
            ->mutable_type()
            ->mutable_tensor_type()
            ->mutable_shape()
            ->mutable_dim(2)
            ->set_dim_value(1LL << 60);
        expect_error(input.import(), "impossible");
        ProtoModel weights = sample();
        weights.graph().mutable_initializer(0)->set_dims(0, 1LL << 40);
        expect_error(weights.import(), "'w'");
        ProtoModel promise = sample(); // a terabyte of zeros that the file does not hold
        auto& t = *promise.graph().mutable_initializer(0);
        t.clear_float_data();
        t.set_dims(0, 1LL << 34);
        expect_error(promise.import(), "promise");
    }

    void growing_constants() {
        const int64_t before = peak_kib();
        ProtoModel m;
        m.input("x", {-1, 4}).output("y", {-1, 4});
        m.integers("n", {1 << 20});
        m.node("ConstantOfShape", {"n"}, {"c0"});
        for (int i = 0; i < 40; ++i) { // would be 2^60 floats
            const std::string from = "c" + std::to_string(i), to = "c" + std::to_string(i + 1);
            set(m.node("Concat", {from, from}, {to}), "axis", int64_t{0});
        }
        m.node("Add", {"x", "c40"}, {"y"});
        expect_sound(m.import());
        ProtoModel many;
        many.input("x", {-1, 4}).output("y", {-1, 4});
        many.integers("n", {1 << 20});
        for (int i = 0; i < 2000; ++i) many.node("ConstantOfShape", {"n"}, {"c" + std::to_string(i)});
        many.node("Relu", {"x"}, {"y"});
        expect_sound(many.import());
        QVERIFY(peak_kib() - before < 1024 * 1024);
    }

    void not_a_network() {
        expect_error(onnx_bytes(""), "empty");
        expect_error(onnx_bytes("PK\x03\x04 something else"), "no ONNX model");
        ProtoModel empty;
        expect_error(empty.import(), "no network");
        ProtoModel unlinked;
        unlinked.input("x", {-1, 2});
        unlinked.node("Relu", {"x"}, {"y"});
        expect_error(unlinked.import(), "output");
    }

    void broken_wiring() {
        ProtoModel dangling = sample();
        dangling.graph().mutable_node(2)->set_input(0, "nowhere");
        expect_error(dangling.import(), "'nowhere', which nothing produces, node 'relu' (Relu) of hand.onnx");
        ProtoModel cycle = sample();
        cycle.graph().mutable_node(0)->set_input(0, "r");
        expect_error(cycle.import(), "cycle");
        ProtoModel order = sample();
        order.graph().mutable_node()->SwapElements(1, 2);
        expect_error(order.import(), "before that is produced, node 'relu' (Relu) of hand.onnx");
        ProtoModel twice = sample();
        twice.graph().mutable_node(2)->set_output(0, "c");
        expect_error(twice.import(), "another producer");
        ProtoModel missing = sample();
        missing.graph().mutable_output(0)->set_name("nothing");
        expect_error(missing.import(), "'nothing'");
        ProtoModel same = sample();
        same.weights("w", {1});
        expect_error(same.import(), "same name");
    }

    void tensors_that_contradict_themselves() {
        ProtoModel raw = sample();
        auto& tensor = *raw.graph().mutable_initializer(0);
        tensor.clear_float_data();
        tensor.set_raw_data(std::string(4 * 3 * 3 * 3 * 4 - 1, '\0'));
        expect_error(raw.import(),
                     "it holds 431 bytes, its dimensions 4x3x3x3 promise 432, tensor 'w' of hand.onnx");
        ProtoModel negative = sample();
        negative.graph().mutable_initializer(0)->set_dims(0, -4);
        expect_error(negative.import(), "tensor 'w' of hand.onnx");
        ProtoModel typed = sample(); // integers where the convolution wants weights
        auto& w = *typed.graph().mutable_initializer(0);
        w.clear_float_data();
        w.set_data_type(::onnx::TensorProto::INT32);
        for (int i = 0; i < 108; ++i) w.add_int32_data(1);
        expect_error(typed.import(), "node 'conv' (Conv) of hand.onnx");
        ProtoModel strings = sample();
        auto& text = *strings.graph().mutable_initializer(0);
        text.clear_float_data();
        text.set_data_type(::onnx::TensorProto::STRING);
        for (int i = 0; i < 108; ++i) text.add_string_data("weight");
        expect_sound(strings.import());
        ProtoModel misfit = sample();
        misfit.graph().mutable_initializer(0)->set_dims(0, 3);
        misfit.graph().mutable_initializer(0)->set_dims(1, 4);
        expect_error(misfit.import(), "node 'conv' (Conv) of hand.onnx");
    }

    void names_that_are_no_text() {
        ProtoModel m = sample();
        m.graph().mutable_node(0)->set_name("\xff\xfe");
        expect_error(m.import(), "UTF-8");
    }

    void contradicting_shapes() {
        ProtoModel m = sample();
        m.graph().mutable_node(m.graph().node_size() - 1)->set_input(1, "w");
        expect_error(m.import(), "node 'fc' (Gemm) of hand.onnx");
        ProtoModel group = sample();
        set(*group.graph().mutable_node(0), "group", int64_t{2});
        expect_error(group.import(), "node 'conv' (Conv) of hand.onnx");
    }

    void inputs_that_are_no_images() {
        ProtoModel integers;
        integers.input("x", {-1, 4}, ::onnx::TensorProto::INT64)
            .output("y", {-1, 4}, ::onnx::TensorProto::INT64);
        integers.node("Identity", {"x"}, {"y"});
        expect_error(integers.import(), "no float32 input, input 'x' is int64");
        ProtoModel open;
        open.input("x", {-1, 3, -1, -1}).output("y", {-1, 3, -1, -1});
        open.node("Relu", {"x"}, {"y"});
        expect_error(open.import(), "left open, input 'x' of hand.onnx", ErrorCode::unsupported);
        ProtoModel scalar;
        scalar.input("x", {}).output("y", {});
        scalar.node("Relu", {"x"}, {"y"});
        expect_error(scalar.import(), "input 'x'", ErrorCode::unsupported);
    }

    /// Graphs in attributes of nodes in graphs in ...
    void nested_graphs() {
        for (const int depth : {5, 30, 1000}) {
            ProtoModel m;
            m.input("x", {-1, 2}).output("y", {-1, 2});
            m.input("c", {}, ::onnx::TensorProto::BOOL);
            ::onnx::GraphProto* graph = &m.graph();
            for (int i = 0; i < depth; ++i) {
                auto& node = *graph->add_node();
                node.set_op_type("If");
                node.add_input("c");
                node.add_output("y");
                ::onnx::GraphProto* next = nullptr;
                for (const char* name : {"then_branch", "else_branch"}) {
                    auto& a = *node.add_attribute();
                    a.set_name(name);
                    a.set_type(::onnx::AttributeProto::GRAPH);
                    a.mutable_g()->set_name(name);
                    a.mutable_g()->add_output()->set_name("y");
                    next = a.mutable_g();
                }
                graph = next;
            }
            auto& last = *graph->add_node();
            last.set_op_type("Identity");
            last.add_input("x");
            last.add_output("y");
            expect_sound(m.import());
        }
    }

private:
    static Result<Imported> onnx_bytes(std::string_view bytes) {
        return widthwise::onnx::import_model_bytes(bytes, "hand.onnx");
    }
};

QTEST_APPLESS_MAIN(TestOnnxHostile)
#include "tst_onnx_hostile.moc"
