// Max, average and global average pooling over H and W.

#include "core/train/train_op.h"

#include <algorithm>

namespace widthwise::train {
namespace {

struct Window {
    dnnl::algorithm algorithm = dnnl::algorithm::pooling_avg_exclude_padding;
    Memory::dims kernel, strides, pads_begin, pads_end;
};

Window window(const Node& node, const Memory::dims& in, const Memory::dims& out) {
    if (node.op == Op::global_average_pool)
        return {dnnl::algorithm::pooling_avg_exclude_padding, {in[2], in[3]}, {1, 1}, {0, 0}, {0, 0}};
    const auto& pool = std::get<PoolAttributes>(node.attributes);
    Window result;
    if (node.op == Op::max_pool)
        result.algorithm = dnnl::algorithm::pooling_max;
    else if (pool.count_include_pad)
        result.algorithm = dnnl::algorithm::pooling_avg_include_padding;
    for (size_t axis = 0; axis < 2; ++axis) {
        result.kernel.push_back(pool.kernel[axis]);
        result.strides.push_back(pool.strides[axis]);
        result.pads_begin.push_back(pool.pads[axis]);
        // With ceil_mode the last window may hang over further than the padding says.
        const int64_t reach = (out[axis + 2] - 1) * pool.strides[axis] + pool.kernel[axis];
        const int64_t needed = reach - in[axis + 2] - pool.pads[axis];
        result.pads_end.push_back(std::max(pool.pads[axis + 2], needed));
    }
    return result;
}

class Pool final : public TrainOp {
public:
    explicit Pool(const OpSite& site) : m_input(*site.inputs[0]), m_output(site.output) {
        const Memory::dims out = output_dims(site);
        m_window = window(site.node, m_input.dims(), out);
        const dnnl::pooling_forward::desc desc(
            site.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
            m_window.algorithm, m_input.desc(), f32_desc(out, Tag::any), m_window.strides, m_window.kernel,
            m_window.pads_begin, m_window.pads_end);
        m_forward_pd = {desc, DnnlContext::attributes(), site.dnnl.engine};
        m_output.data = site.dnnl.allocate(m_forward_pd.dst_desc());
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_input.data},
                                                  {DNNL_ARG_DST, m_output.data}};
        if (const Desc workspace = m_forward_pd.workspace_desc(); site.training && workspace.get_size() > 0) {
            m_workspace = Memory(workspace, site.dnnl.engine);
            arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
    }

    void forward(DnnlContext& dnnl, const Numbers&) override { dnnl.run(m_forward); }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        const dnnl::pooling_backward::desc desc(m_window.algorithm, m_input.desc(), m_output.desc(),
                                                m_window.strides, m_window.kernel, m_window.pads_begin,
                                                m_window.pads_end);
        const dnnl::pooling_backward::primitive_desc pd(desc, DnnlContext::attributes(), dnnl.engine,
                                                        m_forward_pd);
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_DIFF_DST, m_output.gradient},
                                                  {DNNL_ARG_DIFF_SRC, m_sink.target()}};
        if (m_workspace) arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        m_backward = dnnl.kernel(pd, std::move(arguments));
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (!m_sink) return;
        dnnl.run(m_backward);
        m_sink.commit();
    }

private:
    Activation& m_input;
    Activation& m_output;
    Window m_window;
    dnnl::pooling_forward::primitive_desc m_forward_pd;
    Memory m_workspace;
    Kernel m_forward, m_backward;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_pool(const OpSite& site) {
    return std::make_unique<Pool>(site);
}

} // namespace widthwise::train
