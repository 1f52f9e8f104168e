#include "core/train/dnnl_context.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace widthwise::train {

namespace {
constexpr std::align_val_t k_alignment{64}; // a cache line and the widest vector
}

Desc dense_desc(const Memory::dims& dims) {
    Memory::dims strides(dims.size(), 1);
    for (size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
    return {dims, Memory::data_type::f32, strides};
}

Memory DnnlContext::allocate(const Desc& desc) const {
    Memory memory(desc, engine);
    std::memset(memory.get_data_handle(), 0, desc.get_size());
    return memory;
}

dnnl::primitive_attr DnnlContext::attributes() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

Kernel DnnlContext::finish(dnnl::primitive primitive, const Desc& scratchpad,
                           std::unordered_map<int, Memory> arguments) {
    Kernel kernel{std::move(primitive), std::move(arguments), {}};
    if (const size_t bytes = scratchpad.get_size(); bytes > 0) {
        if (bytes > m_scratchpad_bytes) {
            m_scratchpad = std::shared_ptr<void>(::operator new(bytes, k_alignment),
                                                 [](void* p) { ::operator delete(p, k_alignment); });
            m_scratchpad_bytes = bytes;
        }
        kernel.scratchpad = Memory(scratchpad, engine, m_scratchpad.get());
        kernel.arguments[DNNL_ARG_SCRATCHPAD] = kernel.scratchpad;
    }
    return kernel;
}

Kernel DnnlContext::copy(const Memory& from, const Memory& to) {
    const dnnl::reorder::primitive_desc pd(engine, from.get_desc(), engine, to.get_desc(), attributes());
    return kernel(pd, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void DnnlContext::run(Kernel& kernel) {
    // The scratchpad may have grown since this kernel was made.
    if (kernel.scratchpad) kernel.scratchpad.set_data_handle(m_scratchpad.get());
    kernel.primitive.execute(stream, kernel.arguments);
}

} // namespace widthwise::train
