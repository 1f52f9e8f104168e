// Random networks of float ops equal an evaluation that knows neither storage orders nor index tables.

#include "core/base/rng.h"
#include "core/engine/executor.h"
#include "core/engine/layout.h"
#include "core/engine/program.h"
#include "core/engine/reference_engine.h"

#include <QTest>

#include <cmath>
#include <functional>

using namespace widthwise;
using namespace widthwise::engine;

namespace {

using Coordinates = std::vector<int64_t>;

/// Row-major.
struct Array {
    Shape shape;
    std::vector<float> values;

    explicit Array(Shape s) : shape(std::move(s)), values(static_cast<size_t>(shape.elements())) {}
    [[nodiscard]] size_t offset(const Coordinates& at) const {
        size_t offset = 0;
        for (size_t i = 0; i < at.size(); ++i)
            offset = offset * static_cast<size_t>(shape[i]) + static_cast<size_t>(at[i]);
        return offset;
    }
    float& operator[](const Coordinates& at) { return values[offset(at)]; }
    float operator[](const Coordinates& at) const { return values[offset(at)]; }
    /// Broadcast: axes align at the end, those of one element repeat.
    [[nodiscard]] float seen_from(const Coordinates& at) const {
        Coordinates own(at.end() - static_cast<std::ptrdiff_t>(shape.rank()), at.end());
        for (size_t i = 0; i < own.size(); ++i) own[i] = shape[i] == 1 ? 0 : own[i];
        return (*this)[own];
    }
    void fill(const std::function<float(const Coordinates&)>& value) {
        Coordinates at(shape.rank(), 0);
        for (float& v : values) {
            v = value(at);
            for (size_t axis = at.size(); axis-- > 0;) {
                if (++at[axis] < shape[axis]) break;
                at[axis] = 0;
            }
        }
    }
};

Coordinates without(Coordinates at, size_t axis) {
    at.erase(at.begin() + static_cast<std::ptrdiff_t>(axis));
    return at;
}

Coordinates changed(Coordinates at, size_t axis, int64_t index) {
    at[axis] = index;
    return at;
}

/// A network that grows together with what it should compute.
class Growth {
public:
    explicit Growth(uint64_t seed) : m_rng(seed) {
        const Shape shape(random_dims(2 + below(4)));
        m_ids.push_back(m_builder.input("x", shape));
        m_arrays.push_back(noise(shape));
    }

    void grow() {
        switch (below(12)) {
        case 0:
            return function();
        case 1:
        case 2:
            return two_operands();
        case 3:
            return where();
        case 4:
            return softmax();
        case 5:
            return reduce();
        case 6:
            return transpose();
        case 7:
            return reshape();
        case 8:
            return gather();
        case 9:
            return concat();
        case 10:
            return matmul();
        default:
            return gemm();
        }
    }

    [[nodiscard]] const Array& input() const { return m_arrays.front(); }
    [[nodiscard]] const Array& expected() const { return m_arrays.back(); }
    GraphPtr build() {
        m_builder.output(m_ids.back());
        return m_builder.build().value();
    }

private:
    size_t below(size_t n) { return static_cast<size_t>(m_rng.below(n)); }
    Coordinates random_dims(size_t rank) {
        Coordinates dims{1};
        while (dims.size() < rank) dims.push_back(static_cast<int64_t>(1 + below(4)));
        return dims;
    }
    Array noise(const Shape& shape) {
        Array array(shape);
        for (float& v : array.values) v = (static_cast<float>(below(65)) - 32) / 32;
        return array;
    }
    ValueId constant(const Array& array) {
        return m_builder.constant(
            "c", std::make_shared<Tensor>(Tensor::from_f32(array.shape, std::vector<float>(array.values))));
    }
    size_t any() { return below(m_ids.size()); }
    void add(Op op, Attributes a, std::vector<ValueId> in, const Array& expected) {
        auto id = m_builder.add(op, "op", "", std::move(a), std::move(in));
        if (!id) qFatal("%s", id.error().to_line().c_str());
        if (m_builder.value(*id).shape != expected.shape) qFatal("the test expects another shape");
        m_ids.push_back(*id);
        m_arrays.push_back(expected);
    }

    void function() {
        const size_t x = any();
        Array y(m_arrays[x].shape);
        const bool tanh = below(2) == 0;
        for (size_t i = 0; i < y.values.size(); ++i) {
            const float v = m_arrays[x].values[i];
            y.values[i] = tanh ? std::tanh(v) : std::fabs(v);
        }
        if (tanh)
            add(Op::tanh, {}, {m_ids[x]}, y);
        else
            add(Op::function, FunctionAttributes{Function::abs}, {m_ids[x]}, y);
    }
    /// The other side: a constant, smaller in some axes, on either side; or the value itself.
    void two_operands() {
        const size_t x = any();
        const Shape shape = m_arrays[x].shape;
        Coordinates dims = shape.dims();
        dims.erase(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(below(dims.size())));
        for (int64_t& dim : dims)
            if (below(2) == 0) dim = 1;
        const Array c = noise(Shape(dims));
        const size_t kind = below(4);
        const bool left = below(2) == 0;
        Array y(shape);
        y.fill([&](const Coordinates& at) {
            const float v = m_arrays[x][at], w = c.seen_from(at);
            const float a = left ? w : v, b = left ? v : w;
            return kind == 0 ? a - b : kind == 1 ? a * b : kind == 2 ? std::max(a, b) : a + v;
        });
        const ValueId constant_id = constant(c), id = m_ids[x];
        if (kind == 3 && left) return; // constant plus itself is covered by the rest
        if (kind == 3) return add(Op::add, {}, {id, id}, y);
        add(kind == 0   ? Op::sub
            : kind == 1 ? Op::mul
                        : Op::maximum,
            {}, {left ? constant_id : id, left ? id : constant_id}, y);
    }
    void where() {
        const size_t x = any();
        Array mask = noise(m_arrays[x].shape);
        for (float& v : mask.values) v = v > 0 ? 1.0F : 0.0F;
        const Array scalar = noise(Shape{});
        Array y(m_arrays[x].shape);
        y.fill([&](const Coordinates& at) { return mask[at] != 0 ? m_arrays[x][at] : scalar.values[0]; });
        add(Op::where, {}, {constant(mask), m_ids[x], constant(scalar)}, y);
    }
    void softmax() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        const size_t axis = 1 + below(in.shape.rank() - 1);
        Array y(in.shape);
        y.fill([&](const Coordinates& at) {
            double sum = 0;
            for (int64_t i = 0; i < in.shape[axis]; ++i) sum += std::exp(double(in[changed(at, axis, i)]));
            return static_cast<float>(std::exp(double(in[at])) / sum);
        });
        add(Op::softmax, SoftmaxAttributes{static_cast<int64_t>(axis)}, {m_ids[x]}, y);
    }
    void reduce() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        const size_t axis = 1 + below(in.shape.rank() - 1);
        const bool keep = in.shape.rank() == 2 || below(2) == 0, sum = below(2) == 0;
        Coordinates dims = keep ? changed(in.shape.dims(), axis, 1) : without(in.shape.dims(), axis);
        Array y{Shape(dims)};
        y.fill([&](const Coordinates& at) {
            Coordinates from = at;
            if (!keep) from.insert(from.begin() + static_cast<std::ptrdiff_t>(axis), 0);
            float result = sum ? 0.0F : in[changed(from, axis, 0)];
            for (int64_t i = 0; i < in.shape[axis]; ++i) {
                const float v = in[changed(from, axis, i)];
                result = sum ? result + v : std::max(result, v);
            }
            return result;
        });
        add(Op::reduce,
            ReduceAttributes{{static_cast<int64_t>(axis)}, keep, sum ? Reduction::sum : Reduction::max},
            {m_ids[x]}, y);
    }
    void transpose() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        Coordinates perm(in.shape.rank());
        for (size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<int64_t>(i);
        for (size_t i = perm.size() - 1; i > 1; --i) std::swap(perm[i], perm[1 + below(i)]);
        Coordinates dims;
        for (const int64_t axis : perm) dims.push_back(in.shape[static_cast<size_t>(axis)]);
        Array y{Shape(dims)};
        y.fill([&](const Coordinates& at) {
            Coordinates from(at.size());
            for (size_t i = 0; i < at.size(); ++i) from[static_cast<size_t>(perm[i])] = at[i];
            return in[from];
        });
        add(Op::transpose, TransposeAttributes{perm}, {m_ids[x]}, y);
    }
    /// Splits the elements into other axes.
    void reshape() {
        const size_t x = any();
        int64_t rest = m_arrays[x].shape.elements();
        Coordinates dims{1};
        for (const int64_t factor : {2, 3, 4})
            if (rest % factor == 0 && below(2) == 0) {
                dims.push_back(factor);
                rest /= factor;
            }
        dims.push_back(rest);
        Array y{Shape(dims)};
        y.values = m_arrays[x].values;
        add(Op::reshape, ReshapeAttributes{dims}, {m_ids[x]}, y);
    }
    void gather() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        const size_t axis = 1 + below(in.shape.rank() - 1);
        const bool drop = in.shape.rank() > 2 && below(3) == 0;
        Coordinates indices;
        for (size_t n = drop ? 1 : 1 + below(4); n > 0; --n)
            indices.push_back(static_cast<int64_t>(below(static_cast<size_t>(in.shape[axis]))));
        Array y{Shape(drop ? without(in.shape.dims(), axis)
                           : changed(in.shape.dims(), axis, static_cast<int64_t>(indices.size())))};
        y.fill([&](const Coordinates& at) {
            Coordinates from = at;
            if (drop) from.insert(from.begin() + static_cast<std::ptrdiff_t>(axis), 0);
            return in[changed(from, axis, indices[static_cast<size_t>(from[axis])])];
        });
        add(Op::gather, GatherAttributes{static_cast<int64_t>(axis), indices, drop}, {m_ids[x]}, y);
    }
    void concat() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        const size_t axis = 1 + below(in.shape.rank() - 1);
        const int64_t own = in.shape[axis], more = static_cast<int64_t>(1 + below(2));
        if (own > 8) return;
        const Array c = noise(Shape(changed(in.shape.dims(), axis, more)));
        Array y{Shape(changed(in.shape.dims(), axis, 2 * own + more))};
        y.fill([&](const Coordinates& at) {
            const int64_t i = at[axis];
            if (i < own) return in[at];
            return i < own + more ? c[changed(at, axis, i - own)] : in[changed(at, axis, i - own - more)];
        });
        add(Op::concat, ConcatAttributes{static_cast<int64_t>(axis)}, {m_ids[x], constant(c), m_ids[x]}, y);
    }
    /// With a constant of fewer batch axes, on either side.
    void matmul() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        const size_t rank = in.shape.rank();
        if (rank < 3) return;
        const bool left = below(2) == 0;
        const int64_t rows = in.shape[rank - 2], columns = in.shape[rank - 1],
                      other = static_cast<int64_t>(1 + below(5));
        Coordinates dims = left ? Coordinates{other, rows} : Coordinates{columns, other};
        if (rank > 3 && below(2) == 0) dims.insert(dims.begin(), in.shape[rank - 3]);
        const Array c = noise(Shape(dims));
        Array y{Shape(changed(in.shape.dims(), left ? rank - 2 : rank - 1, other))};
        const int64_t inner = left ? rows : columns;
        y.fill([&](const Coordinates& at) {
            double sum = 0;
            for (int64_t k = 0; k < inner; ++k) {
                const Coordinates a = changed(at, rank - 1, k), b = changed(at, rank - 2, k);
                sum += left ? double(c.seen_from(a)) * double(in[b]) : double(in[a]) * double(c.seen_from(b));
            }
            return static_cast<float>(sum);
        });
        add(Op::matmul, {}, {left ? constant(c) : m_ids[x], left ? m_ids[x] : constant(c)}, y);
    }
    void gemm() {
        const size_t x = any();
        const Array& in = m_arrays[x];
        const size_t last = in.shape.rank() - 1;
        const int64_t inner = in.shape[last], outputs = static_cast<int64_t>(1 + below(5));
        const Array w = noise(Shape{outputs, inner}), bias = noise(Shape{outputs});
        Array y{Shape(changed(in.shape.dims(), last, outputs))};
        y.fill([&](const Coordinates& at) {
            double sum = double(bias[{at[last]}]);
            for (int64_t k = 0; k < inner; ++k)
                sum += double(in[changed(at, last, k)]) * double(w[{at[last], k}]);
            return static_cast<float>(sum);
        });
        add(Op::gemm, {}, {m_ids[x], constant(w), constant(bias)}, y);
    }

    Rng m_rng;
    GraphBuilder m_builder{"net"};
    std::vector<ValueId> m_ids;
    std::vector<Array> m_arrays;
};

std::vector<float> row_major(const Shape& shape, std::span<const float> stored) {
    const auto storage = storage_of_logical(shape);
    std::vector<float> out(storage.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = stored[static_cast<size_t>(storage[i])];
    return out;
}

} // namespace

class TestFloatGraphs : public QObject {
    Q_OBJECT
private slots:
    void random_networks_equal_a_naive_evaluation() {
        for (uint64_t seed = 1; seed <= 400; ++seed) {
            Growth growth(seed);
            for (int i = 0; i < 8; ++i) growth.grow();
            const GraphPtr graph = growth.build();
            const auto program = lower(*graph, PrecisionPlan());
            QVERIFY2(program, program ? "" : program.error().to_line().c_str());
            const Array &input = growth.input(), &expected = growth.expected();
            const auto storage = storage_of_logical(input.shape);
            std::vector<float> image(input.values.size());
            for (size_t i = 0; i < image.size(); ++i)
                image[static_cast<size_t>(storage[i])] = input.values[i];

            ReferenceEngine reference(*program);
            reference.run(image);
            const auto executor = Executor::create(*program, 2);
            QVERIFY(executor);
            Executor::Context context(*executor);
            std::copy(image.begin(), image.end(),
                      context.input().begin() + static_cast<std::ptrdiff_t>(image.size()));
            context.run();

            const auto slow = row_major(expected.shape, reference.output());
            const auto fast = row_major(expected.shape, context.output().subspan(slow.size()));
            float largest = 1;
            for (const float v : expected.values) largest = std::max(largest, std::fabs(v));
            for (size_t i = 0; i < slow.size(); ++i)
                for (const float ours : {slow[i], fast[i]})
                    QVERIFY2(std::fabs(ours - expected.values[i]) <= 1e-4F * largest,
                             qPrintable(QString("seed %1, element %2: %3, expected %4")
                                            .arg(seed)
                                            .arg(i)
                                            .arg(ours)
                                            .arg(expected.values[i])));
        }
    }
};

QTEST_APPLESS_MAIN(TestFloatGraphs)
#include "tst_float_graphs.moc"
