// add, sub, mul, and div by a constant, of activations and constants of any two shapes (numpy broadcasting):
// squeeze and excitation, offsets, factors. Constants stay as they are. Computed in f32.

#include "core/train/train_op.h"

#include <algorithm>

namespace widthwise::train {
namespace {

/// One side, dense, as it is read along the output's axes.
struct Side {
    Activation* activation = nullptr; ///< null: a constant
    std::vector<float> constant;
    float sign = 1; ///< -1: it is subtracted
    Converted source;
    std::vector<int64_t> strides; ///< along the output's axes; 0: the same number again
    GradientSink sink;
    Delivered delivered;

    [[nodiscard]] const float* numbers() const {
        return activation ? floats(source.memory()) : constant.data();
    }
};

class Broadcast final : public TrainOp {
public:
    explicit Broadcast(const OpSite& site)
        : m_output(site.output)
        , m_product(site.node.op == Op::mul || site.node.op == Op::div)
        , m_dims(output_dims(site)) {
        auto activation = site.inputs.begin();
        for (size_t i = 0; i < 2; ++i) {
            const Value& value = site.graph.value(site.node.inputs[i]);
            Side& side = m_sides[i];
            Memory::dims dims = value.shape.dims();
            if (value.constant) {
                side.constant = value.constant->to_f32();
                if (site.node.op == Op::div)
                    for (float& v : side.constant) v = 1 / v;
            } else {
                side.activation = *activation++;
                dims = side.activation->dims();
                side.source = Converted(site.dnnl, side.activation->data, dense_desc(dims));
            }
            dims.insert(dims.begin(), m_dims.size() - dims.size(), 1); // axes align at the end
            side.strides.assign(m_dims.size(), 0);
            int64_t stride = 1;
            for (size_t axis = dims.size(); axis-- > 0; stride *= dims[axis])
                if (dims[axis] > 1) side.strides[axis] = stride;
        }
        if (site.node.op == Op::sub) m_sides[1].sign = -1;
        m_output.data = site.dnnl.allocate(dense_desc(m_dims));
    }

    void forward(DnnlContext& dnnl, const Numbers&) override {
        for (Side& side : m_sides) side.source.refresh(dnnl);
        const float *a = m_sides[0].numbers(), *b = m_sides[1].numbers();
        float* y = floats(m_output.data);
        for_rows([&](int64_t out, int64_t left, int64_t right) {
            for (int64_t i = 0; i < m_dims.back(); ++i) {
                const float x = a[left + i * m_sides[0].strides.back()];
                const float z = b[right + i * m_sides[1].strides.back()];
                y[out + i] = m_product ? x * z : x + m_sides[1].sign * z;
            }
        });
    }

    void prepare_backward(DnnlContext& dnnl) override {
        for (Side& side : m_sides) {
            if (!side.activation) continue;
            side.sink = GradientSink(dnnl, *side.activation);
            if (side.sink)
                side.delivered = Delivered(dnnl, side.source.memory().get_desc(), side.sink.target());
        }
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        const float* g = floats(m_output.gradient);
        for (size_t own = 0; own < 2; ++own) {
            Side& side = m_sides[own];
            if (!side.sink) continue;
            const Side& other = m_sides[1 - own];
            float* sum = floats(side.delivered.memory());
            std::fill_n(sum, physical_floats(side.delivered.memory()), 0.0F);
            const float* factor = other.numbers();
            for_rows([&](int64_t out, int64_t left, int64_t right) {
                const int64_t mine = own == 0 ? left : right, theirs = own == 0 ? right : left;
                for (int64_t i = 0; i < m_dims.back(); ++i)
                    sum[mine + i * side.strides.back()] +=
                        m_product ? g[out + i] * factor[theirs + i * other.strides.back()]
                                  : side.sign * g[out + i];
            });
            side.delivered.deliver(dnnl);
        }
    }

private:
    /// `visit(output's, left's, right's first element)` for each row of the output's last axis.
    template <typename Visit> void for_rows(Visit visit) const {
        const size_t rank = m_dims.size();
        Memory::dims at(rank, 0);
        int64_t rows = 1;
        for (size_t axis = 0; axis + 1 < rank; ++axis) rows *= m_dims[axis];
        for (int64_t row = 0; row < rows; ++row) {
            int64_t left = 0, right = 0;
            for (size_t axis = 0; axis + 1 < rank; ++axis) {
                left += at[axis] * m_sides[0].strides[axis];
                right += at[axis] * m_sides[1].strides[axis];
            }
            visit(row * m_dims.back(), left, right);
            for (size_t axis = rank - 1; axis-- > 0;) {
                if (++at[axis] < m_dims[axis]) break;
                at[axis] = 0;
            }
        }
    }

    Activation& m_output;
    bool m_product;
    Memory::dims m_dims;
    std::array<Side, 2> m_sides;
};

} // namespace

TrainOpPtr make_broadcast(const OpSite& site) {
    return std::make_unique<Broadcast>(site);
}

} // namespace widthwise::train
