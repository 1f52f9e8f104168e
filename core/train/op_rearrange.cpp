// Whatever moves numbers without changing them: reshape, transpose, slice, pad, concat, depth_to_space,
// space_to_depth, identity, quantize.

#include "core/train/dnnl_layout.h"
#include "core/train/train_op.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace widthwise::train {
namespace {

/// Where an element of the output comes from; `input` -1: it is a constant.
struct Origin {
    int input = 0;
    Memory::dims index;
};

/// By the operator's definition; `at` is the element's place in the output.
class Origins {
public:
    Origins(const Node& node, const std::vector<Activation*>& inputs, const Memory::dims& out)
        : m_node(node), m_out(out) {
        for (const Activation* input : inputs) m_inputs.push_back(input->dims());
    }
    [[nodiscard]] Origin of(const Memory::dims& at) const {
        switch (m_node.op) {
        case Op::reshape:
            return {0, reshaped(at)};
        case Op::transpose:
            return {0, transposed(at)};
        case Op::slice:
            return {0, sliced(at)};
        case Op::pad:
            return padded(at);
        case Op::concat:
            return concatenated(at);
        case Op::depth_to_space:
            return {0, depth_to_space(at)};
        default:
            assert(m_node.op == Op::space_to_depth);
            return {0, space_to_depth(at)};
        }
    }

private:
    [[nodiscard]] Memory::dims reshaped(const Memory::dims& at) const {
        int64_t linear = 0;
        for (size_t axis = 1; axis < at.size(); ++axis) linear = linear * m_out[axis] + at[axis];
        Memory::dims from(m_inputs[0].size(), 0);
        for (size_t axis = from.size(); axis-- > 1; linear /= m_inputs[0][axis])
            from[axis] = linear % m_inputs[0][axis];
        return from;
    }
    [[nodiscard]] Memory::dims transposed(const Memory::dims& at) const {
        const auto& perm = std::get<TransposeAttributes>(m_node.attributes).perm;
        Memory::dims from(at.size());
        for (size_t axis = 0; axis < at.size(); ++axis) from[static_cast<size_t>(perm[axis])] = at[axis];
        return from;
    }
    [[nodiscard]] Memory::dims sliced(Memory::dims at) const {
        const auto& slice = std::get<SliceAttributes>(m_node.attributes);
        for (size_t axis = 1; axis < at.size(); ++axis)
            at[axis] = slice.starts[axis] + at[axis] * slice.steps[axis];
        return at;
    }
    [[nodiscard]] Origin padded(Memory::dims at) const {
        const auto& pad = std::get<PadAttributes>(m_node.attributes);
        for (size_t axis = 1; axis < at.size(); ++axis) {
            at[axis] -= pad.before[axis];
            if (at[axis] < 0 || at[axis] >= m_inputs[0][axis]) return {-1, {}};
        }
        return {0, std::move(at)};
    }
    [[nodiscard]] Origin concatenated(Memory::dims at) const {
        const auto axis = static_cast<size_t>(std::get<ConcatAttributes>(m_node.attributes).axis);
        int input = 0;
        for (; at[axis] >= m_inputs[static_cast<size_t>(input)][axis]; ++input)
            at[axis] -= m_inputs[static_cast<size_t>(input)][axis];
        return {input, std::move(at)};
    }
    [[nodiscard]] Memory::dims depth_to_space(const Memory::dims& at) const {
        const auto& [block, column_row_depth] = std::get<BlockAttributes>(m_node.attributes);
        const int64_t i = at[2] % block, j = at[3] % block;
        const int64_t channel =
            column_row_depth ? (at[1] * block + i) * block + j : (i * block + j) * m_out[1] + at[1];
        return {0, channel, at[2] / block, at[3] / block};
    }
    [[nodiscard]] Memory::dims space_to_depth(const Memory::dims& at) const {
        const int64_t block = std::get<BlockAttributes>(m_node.attributes).block;
        const int64_t channels = m_inputs[0][1], place = at[1] / channels;
        return {0, at[1] % channels, at[2] * block + place / block, at[3] * block + place % block};
    }

    const Node& m_node;
    Memory::dims m_out;
    std::vector<Memory::dims> m_inputs;
};

/// Numbers that lie side by side in an image of one input and of the output.
struct Run {
    int input = 0;
    int64_t from = 0, to = 0, count = 0;
};

class Rearrange final : public TrainOp {
public:
    explicit Rearrange(const OpSite& site) : m_inputs(site.inputs), m_output(site.output) {
        const Memory::dims out = output_dims(site);
        for (Activation* input : m_inputs) {
            const Desc desc(like(m_inputs[0]->desc(), input->dims()));
            m_sources.emplace_back(site.dnnl, input->data, desc);
            m_layouts.push_back(*Layout::of(desc));
        }
        const Desc desc = like(m_sources[0].memory().get_desc(), out);
        m_output.data = site.dnnl.allocate(desc);
        m_layouts.push_back(*Layout::of(desc));
        m_bytes = Memory::data_type_size(type_of(desc));
        find_runs(site.node, out);
    }

    void forward(DnnlContext& dnnl, const Numbers&) override {
        for (size_t input = 0; input < m_sources.size(); ++input) m_sources[input].refresh(dnnl);
        for_runs([&](const Run& run, int64_t from, int64_t to) {
            copy(m_sources[static_cast<size_t>(run.input)].memory(), from, m_output.data, to, run.count);
        });
    }

    void prepare_backward(DnnlContext& dnnl) override {
        for (size_t input = 0; input < m_inputs.size(); ++input) {
            m_sinks.emplace_back(dnnl, *m_inputs[input]);
            m_delivered.emplace_back();
            if (m_sinks.back())
                m_delivered.back() =
                    Delivered(dnnl, m_sources[input].memory().get_desc(), m_sinks.back().target());
        }
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        for (size_t input = 0; input < m_sinks.size(); ++input) {
            // What the output does not contain has no gradient.
            const Memory& target = m_delivered[input].memory();
            if (m_sinks[input]) std::memset(target.get_data_handle(), 0, target.get_desc().get_size());
        }
        for_runs([&](const Run& run, int64_t from, int64_t to) {
            const auto input = static_cast<size_t>(run.input);
            if (m_sinks[input]) copy(m_output.gradient, to, m_delivered[input].memory(), from, run.count);
        });
        for (size_t input = 0; input < m_sinks.size(); ++input)
            if (m_sinks[input]) m_delivered[input].deliver(dnnl);
    }

private:
    void find_runs(const Node& node, const Memory::dims& out) {
        const Origins origins(node, m_inputs, out);
        const Layout& to = m_layouts.back();
        const auto value = node.op == Op::pad ? std::get<PadAttributes>(node.attributes).value : 0.0F;
        std::vector<int64_t> constants;
        // In the order of the output's memory, so that neighbours meet.
        const int64_t lanes = to.lanes;
        Memory::dims limit = out, at(out.size(), 0);
        limit[0] = 1;
        std::vector<size_t> order;
        for (size_t axis = 1; axis < out.size(); ++axis) order.push_back(axis);
        if (lanes == 1)
            std::ranges::stable_sort(order,
                                     [&](size_t a, size_t b) { return to.strides[a] > to.strides[b]; });
        if (lanes > 1) limit[1] = (out[1] + lanes - 1) / lanes; // counts blocks; lanes run innermost
        const auto next = [&] {
            for (size_t i = order.size(); i-- > 0;) {
                if (++at[order[i]] < limit[order[i]]) return true;
                at[order[i]] = 0;
            }
            return false;
        };
        if (std::ranges::find(limit, 0) != limit.end()) return;
        do {
            for (int64_t lane = 0; lane < lanes; ++lane) {
                Memory::dims element = at;
                if (lanes > 1) element[1] = at[1] * lanes + lane;
                if (lanes > 1 && element[1] >= out[1]) break;
                const Origin origin = origins.of(element);
                if (origin.input < 0)
                    constants.push_back(to.offset(element));
                else
                    append({origin.input, m_layouts[static_cast<size_t>(origin.input)].offset(origin.index),
                            to.offset(element), 1});
            }
        } while (next());
        if (value != 0) fill(constants, value, out[0]);
    }

    void append(const Run& one) {
        if (!m_runs.empty()) {
            Run& last = m_runs.back();
            if (last.input == one.input && last.from + last.count == one.from &&
                last.to + last.count == one.to) {
                ++last.count;
                return;
            }
        }
        m_runs.push_back(one);
    }

    /// Constants are written once: the output's memory is nobody else's.
    void fill(const std::vector<int64_t>& places, float value, int64_t images) {
        uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        const auto half = static_cast<uint16_t>(bits >> 16);
        auto* data = static_cast<std::byte*>(m_output.data.get_data_handle());
        for (int64_t image = 0; image < images; ++image)
            for (const int64_t place : places) {
                const auto element = static_cast<size_t>(image * m_layouts.back().strides[0] + place);
                std::memcpy(data + element * m_bytes, m_bytes == 2 ? static_cast<const void*>(&half) : &value,
                            m_bytes);
            }
    }

    /// `visit(run, from, to)` with places in elements, image by image.
    template <typename Visit> void for_runs(Visit visit) const {
        for (int64_t image = 0; image < m_layouts.back().dims[0]; ++image)
            for (const Run& run : m_runs)
                visit(run, image * m_layouts[static_cast<size_t>(run.input)].strides[0] + run.from,
                      image * m_layouts.back().strides[0] + run.to);
    }

    void copy(const Memory& from, int64_t first, const Memory& to, int64_t second, int64_t count) const {
        const auto* source = static_cast<const std::byte*>(from.get_data_handle());
        auto* target = static_cast<std::byte*>(to.get_data_handle());
        const size_t bytes = m_bytes;
        source += static_cast<size_t>(first) * bytes;
        target += static_cast<size_t>(second) * bytes;
        if (count == 1 && bytes == sizeof(float))
            std::memcpy(target, source, sizeof(float)); // one move, no call
        else
            std::memcpy(target, source, static_cast<size_t>(count) * bytes);
    }

    std::vector<Activation*> m_inputs;
    Activation& m_output;
    std::vector<Converted> m_sources;
    std::vector<Layout> m_layouts; ///< of the sources, then of the output
    size_t m_bytes = sizeof(float);
    std::vector<Run> m_runs;
    std::vector<GradientSink> m_sinks;
    std::vector<Delivered> m_delivered;
};

/// The same numbers under another name. (What quantize rounds is rounded as it is read; see Tape.)
class Identity final : public TrainOp {
public:
    explicit Identity(const OpSite& site) : m_input(*site.inputs[0]), m_output(site.output) {
        m_output.data = m_input.data;
    }
    void forward(DnnlContext&, const Numbers&) override {}
    void prepare_backward(DnnlContext& dnnl) override { (void)GradientSink::same(dnnl, m_input, m_output); }
    void backward(DnnlContext&, const Numbers&) override {}

private:
    Activation& m_input;
    Activation& m_output;
};

} // namespace

TrainOpPtr make_rearrange(const OpSite& site) {
    if (site.node.op == Op::identity || site.node.op == Op::quantize) return std::make_unique<Identity>(site);
    return std::make_unique<Rearrange>(site);
}

} // namespace widthwise::train
