// Max, average and global average pooling over H and W, and means over both.

#include "core/train/dnnl_primitives.h"
#include "core/train/train_op.h"

#include <algorithm>

namespace widthwise::train {
namespace {

struct Pooling {
    dnnl::algorithm algorithm = dnnl::algorithm::pooling_avg_exclude_padding;
    Memory::dims kernel;
    Windows windows;
};

Pooling pooling(const Node& node, const Memory::dims& in, const Memory::dims& out) {
    Pooling result;
    result.windows.dilations = {0, 0};
    if (node.op != Op::max_pool && node.op != Op::average_pool) { // global
        result.kernel = {in[2], in[3]};
        result.windows.strides = {1, 1};
        result.windows.pads_begin = result.windows.pads_end = {0, 0};
        return result;
    }
    const auto& pool = std::get<PoolAttributes>(node.attributes);
    if (node.op == Op::max_pool)
        result.algorithm = dnnl::algorithm::pooling_max;
    else if (pool.count_include_pad)
        result.algorithm = dnnl::algorithm::pooling_avg_include_padding;
    for (size_t axis = 0; axis < 2; ++axis) {
        result.kernel.push_back(pool.kernel[axis]);
        result.windows.strides.push_back(pool.strides[axis]);
        result.windows.pads_begin.push_back(pool.pads[axis]);
        // With ceil_mode the last window may hang over further than the padding says.
        const int64_t reach = (out[axis + 2] - 1) * pool.strides[axis] + pool.kernel[axis];
        const int64_t needed = reach - in[axis + 2] - pool.pads[axis];
        result.windows.pads_end.push_back(std::max(pool.pads[axis + 2], needed));
    }
    return result;
}

class Pool final : public TrainOp {
public:
    explicit Pool(const OpSite& site) : m_input(*site.inputs[0]), m_output(site.output) {
        const Memory::dims in = m_input.dims();
        Memory::dims out = output_dims(site);
        if (out.size() == 2) out = {out[0], out[1], 1, 1}; // a mean that drops height and width
        m_pooling = pooling(site.node, in, out);
        m_forward_pd = describe_pooling(site.dnnl.engine, site.training, m_pooling.algorithm, m_input.desc(),
                                        Desc(out, type_of(m_input.desc()), Tag::any), m_pooling.kernel,
                                        m_pooling.windows);
        // As the network sees it: the same memory where the kernel's output has no axes too many.
        m_pooled = site.dnnl.allocate(m_forward_pd.dst_desc());
        m_output.data = m_pooled;
        if (output_dims(site).size() == 2) {
            m_dense = Converted(site.dnnl, m_pooled, dense_desc(out, type_of(m_input.desc())));
            m_output.data = site.dnnl.view(dense_desc(output_dims(site), type_of(m_input.desc())),
                                           m_dense.memory().get_data_handle());
        }
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_SRC, m_input.data}, {DNNL_ARG_DST, m_pooled}};
        if (const Desc workspace = m_forward_pd.workspace_desc(); site.training && workspace.get_size() > 0) {
            m_workspace = Memory(workspace, site.dnnl.engine);
            arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        }
        m_forward = site.dnnl.kernel(m_forward_pd, std::move(arguments));
    }

    void forward(DnnlContext& dnnl, const Numbers&) override {
        dnnl.run(m_forward);
        m_dense.refresh(dnnl);
    }

    void prepare_backward(DnnlContext& dnnl) override {
        m_sink = GradientSink(dnnl, m_input);
        if (!m_sink) return;
        const Desc out = m_pooled.get_desc();
        const auto pd = describe_pooling_backward(dnnl.engine, m_forward_pd, m_pooling.algorithm,
                                                  m_input.desc(), out, m_pooling.kernel, m_pooling.windows);
        Memory error = m_output.gradient;
        if (m_output.dims().size() == 2)
            error = dnnl.view(dense_desc(dims_of(out), type_of(out)), error.get_data_handle());
        m_error = Converted(dnnl, error, out);
        std::unordered_map<int, Memory> arguments{{DNNL_ARG_DIFF_DST, m_error.memory()},
                                                  {DNNL_ARG_DIFF_SRC, m_sink.target()}};
        if (m_workspace) arguments[DNNL_ARG_WORKSPACE] = m_workspace;
        m_backward = dnnl.kernel(pd, std::move(arguments));
    }

    void backward(DnnlContext& dnnl, const Numbers&) override {
        if (!m_sink) return;
        m_error.refresh(dnnl);
        dnnl.run(m_backward);
    }

private:
    Activation& m_input;
    Activation& m_output;
    Pooling m_pooling;
    dnnl::pooling_forward::primitive_desc m_forward_pd;
    Memory m_pooled, m_workspace;
    Converted m_dense, m_error;
    Kernel m_forward, m_backward;
    GradientSink m_sink;
};

} // namespace

TrainOpPtr make_pool(const OpSite& site) {
    return std::make_unique<Pool>(site);
}

} // namespace widthwise::train
