// An activation as a layer reads it: rounded forward, straight through backward.

#include "core/engine/representation.h"
#include "core/train/fake_quantize.h"
#include "core/train/train_op.h"

#include <algorithm>

namespace widthwise::train {
namespace {

/// Consecutive elements that one quantizer rounds.
struct Run {
    size_t first = 0, count = 0;
    size_t quantizer = 0;
};

int64_t product(const Memory::dims& dims, size_t from, size_t to) {
    int64_t elements = 1;
    for (size_t axis = from; axis < to; ++axis) elements *= dims[axis];
    return elements;
}

class FakeQuantize final : public TrainOp {
public:
    FakeQuantize(DnnlContext& dnnl, const ActivationQuantizer& quantizer, Activation& input,
                 Activation& output)
        : m_quantizer(quantizer), m_input(input), m_output(output) {
        const Desc dense = dense_desc(input.dims());
        const NumberFormat& format = quantizer.format;
        const bool one_for_all =
            !format.is_dynamic() && (format.granularity == Granularity::tensor || format.scale.size() <= 1);
        // Paddings of blocked layouts must stay 0, which binary has not.
        const bool any_layout = one_for_all && (format.type != FormatType::binary ||
                                                physical_floats(input.data) == elements(input));
        m_real = Converted(dnnl, input.data, any_layout ? input.desc() : dense);
        output.data = dnnl.allocate(m_real.memory().get_desc());
        if (one_for_all)
            m_runs = {{0, physical_floats(output.data), 0}};
        else
            find_runs(input.dims());
    }

    void forward(DnnlContext& dnnl, const Numbers& numbers) override {
        m_real.refresh(dnnl);
        choose_quantizers(numbers);
        const float* real = floats(m_real.memory());
        float* rounded = floats(m_output.data);
        for (const Run& run : m_runs)
            m_quantizers[run.quantizer].round({real + run.first, run.count},
                                              {rounded + run.first, run.count});
    }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        if (m_sink) {
            m_delivered = Delivered(dnnl, m_output.desc(), m_sink.target());
            m_error = m_delivered.memory();
        } else {
            m_error = dnnl.allocate(m_output.desc()); // the scales' gradients are wanted all the same
        }
    }

    void backward(DnnlContext& dnnl, const Numbers& numbers) override {
        const float *real = floats(m_real.memory()), *rounded = floats(m_output.data);
        const float* gradient = floats(m_output.gradient);
        const InsideTerm inside =
            m_quantizer.learning == ScaleLearning::pact ? InsideTerm::none : InsideTerm::rounding_error;
        std::vector<double> sums(m_quantizers.size());
        for (const Run& run : m_runs)
            sums[run.quantizer] += straight_through(
                real + run.first, rounded + run.first, gradient + run.first, floats(m_error) + run.first,
                run.count, passing_range(m_quantizers[run.quantizer]), inside);
        if (m_quantizer.learned.size > 0) add_slot_gradients(sums, numbers);
        if (m_sink) m_delivered.deliver(dnnl);
    }

private:
    [[nodiscard]] static size_t elements(const Activation& activation) {
        return static_cast<size_t>(product(activation.dims(), 0, activation.dims().size()));
    }

    /// Dense: image by image for dynamic ranges, else channel by channel (axis 1 of maps, the last of rows).
    void find_runs(const Memory::dims& dims) {
        const NumberFormat& format = m_quantizer.format;
        if (format.is_dynamic()) {
            const auto image = static_cast<size_t>(product(dims, 1, dims.size()));
            for (size_t i = 0; i < static_cast<size_t>(dims[0]); ++i) m_runs.push_back({i * image, image, i});
            return;
        }
        const size_t axis = dims.size() == 4 ? 1 : dims.size() - 1;
        const int64_t each = format.granularity == Granularity::channel ? 1 : format.group_size;
        const int64_t outer = product(dims, 0, axis), inner = product(dims, axis + 1, dims.size());
        for (int64_t o = 0; o < outer; ++o)
            for (int64_t c = 0; c < dims[axis]; ++c)
                m_runs.push_back({static_cast<size_t>((o * dims[axis] + c) * inner),
                                  static_cast<size_t>(inner), static_cast<size_t>(c / each)});
    }

    void choose_quantizers(const Numbers& numbers) {
        m_quantizers.clear();
        if (m_quantizer.format.is_dynamic()) {
            for (const Run& run : m_runs) {
                const auto own = engine::dynamic_scale({floats(m_real.memory()) + run.first, run.count});
                NumberFormat format = m_quantizer.format;
                format.scale = {own.scale};
                format.zero_point = {own.zero_point};
                m_quantizers.emplace_back(format, 0);
            }
            return;
        }
        const Slice slots = m_quantizer.learned;
        const auto end = static_cast<size_t>(slots.offset + slots.size);
        const NumberFormat now = m_quantizer.now({numbers.trained, end});
        for (size_t i = 0; i < std::max<size_t>(1, now.scale.size()); ++i) m_quantizers.emplace_back(now, i);
    }

    void add_slot_gradients(const std::vector<double>& sums, const Numbers& numbers) const {
        float* gradients = numbers.gradients + m_quantizer.learned.offset;
        for (size_t i = 0; i < sums.size(); ++i) {
            const auto scale = static_cast<double>(m_quantizers[i].affine().scale);
            gradients[i] += static_cast<float>(sums[i] / scale) * m_quantizer.gradient_factor[i];
        }
    }

    const ActivationQuantizer& m_quantizer;
    Activation& m_input;
    Activation& m_output;
    Converted m_real;
    Delivered m_delivered;
    Memory m_error;
    std::vector<Run> m_runs;
    std::vector<Quantizer> m_quantizers; ///< of the present scales; dynamic: of each image
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_fake_quantize(DnnlContext& dnnl, const ActivationQuantizer& quantizer, Activation& input,
                              Activation& output) {
    return std::make_unique<FakeQuantize>(dnnl, quantizer, input, output);
}

} // namespace widthwise::train
