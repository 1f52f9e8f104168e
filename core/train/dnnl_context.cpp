#include "core/train/dnnl_context.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace widthwise::train {

namespace {
constexpr std::align_val_t k_alignment{64}; // a cache line and the widest vector
}

Desc dense_desc(const Memory::dims& dims, Type type) {
    Memory::dims strides(dims.size(), 1);
    for (size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
    return {dims, type, strides};
}

Memory DnnlContext::allocate(const Desc& desc) const {
    Memory memory(desc, engine);
    std::memset(memory.get_data_handle(), 0, desc.get_size());
    return memory;
}

Recycled DnnlContext::recycle(const Desc& desc) {
    const size_t bytes = desc.get_size();
    const auto fits = [&](const std::shared_ptr<Buffer>& b) { return !b->taken && b->bytes == bytes; };
    auto found = std::ranges::find_if(m_buffers, fits);
    if (found == m_buffers.end()) {
        m_buffers.push_back(std::make_shared<Buffer>(Buffer{allocate(desc), bytes, false}));
        found = std::prev(m_buffers.end());
    }
    const std::shared_ptr<Buffer> buffer = *found;
    buffer->taken = true;
    const std::shared_ptr<void> owner(buffer.get(), [buffer](void*) { buffer->taken = false; });
    return {view(desc, buffer->memory.get_data_handle()), owner};
}

dnnl::primitive_attr DnnlContext::attributes() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

Kernel DnnlContext::finish(dnnl::primitive primitive, const Desc& scratchpad,
                           std::unordered_map<int, Memory> arguments) {
    Kernel kernel{std::move(primitive), std::move(arguments), {}, {}};
    if (const size_t bytes = scratchpad.get_size(); bytes > 0) {
        if (bytes > m_scratchpad_bytes) {
            m_scratchpad = std::shared_ptr<void>(::operator new(bytes, k_alignment),
                                                 [](void* p) { ::operator delete(p, k_alignment); });
            m_scratchpad_bytes = bytes;
        }
        kernel.scratchpad = Memory(scratchpad, engine, m_scratchpad.get());
        kernel.arguments[DNNL_ARG_SCRATCHPAD] = kernel.scratchpad;
    }
    for (const auto& [argument, memory] : kernel.arguments)
        kernel.handles.push_back({argument, memory.get()});
    return kernel;
}

Kernel DnnlContext::copy(const Memory& from, const Memory& to) {
    const dnnl::reorder::primitive_desc pd(engine, from.get_desc(), engine, to.get_desc(), attributes());
    return kernel(pd, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

Kernel DnnlContext::accumulate(const Memory& from, const Memory& to) {
    dnnl::primitive_attr attr = attributes();
    dnnl::post_ops ops;
    ops.append_sum(1.0F);
    attr.set_post_ops(ops);
    const dnnl::reorder::primitive_desc pd(engine, from.get_desc(), engine, to.get_desc(), attr);
    return kernel(pd, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void DnnlContext::run(Kernel& kernel) {
    // The scratchpad may have grown since this kernel was made.
    if (kernel.scratchpad) kernel.scratchpad.set_data_handle(m_scratchpad.get());
    dnnl::error::wrap_c_api(dnnl_primitive_execute(kernel.primitive.get(), stream.get(),
                                                   static_cast<int>(kernel.handles.size()),
                                                   kernel.handles.data()),
                            "could not execute a primitive");
}

} // namespace widthwise::train
