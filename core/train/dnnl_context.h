#pragma once
// oneDNN for one worker of this room: engine, stream, shared scratchpad, recycled buffers. Included only by
// this room's own .cpp files.

#include "core/graph/graph.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <memory>
#include <unordered_map>
#include <vector>

namespace widthwise::train {

using Memory = dnnl::memory;
using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

[[nodiscard]] inline Memory::dims dims_of(const Desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
    return desc.get_dims();
#else
    return desc.dims();
#endif
}
[[nodiscard]] inline Type type_of(const Desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
    return desc.get_data_type();
#else
    return desc.data_type();
#endif
}
[[nodiscard]] inline Desc f32_desc(Memory::dims dims, Tag tag) {
    return {std::move(dims), Type::f32, tag};
}
/// Row-major, whatever the rank.
[[nodiscard]] Desc dense_desc(const Memory::dims& dims, Type type = Type::f32);

/// A primitive with its arguments, ready to run any number of times.
struct Kernel {
    dnnl::primitive primitive;
    std::unordered_map<int, Memory> arguments;
    std::vector<dnnl_exec_arg_t> handles; ///< of the arguments, as oneDNN's C function wants them
    Memory scratchpad;
};

/// Memory that whoever comes later may use again once nobody holds `owner` any more.
struct Recycled {
    Memory memory;
    std::shared_ptr<void> owner;
    [[nodiscard]] explicit operator bool() const { return owner != nullptr; }
};

class DnnlContext {
public:
    DnnlContext() : engine(dnnl::engine::kind::cpu, 0), stream(engine) {}
    DnnlContext(const DnnlContext&) = delete;
    DnnlContext& operator=(const DnnlContext&) = delete;

    dnnl::engine engine;
    dnnl::stream stream;

    /// Zero-filled (paddings of blocked layouts must be zero).
    [[nodiscard]] Memory allocate(const Desc& desc) const;
    /// For numbers that live for a part of a pass: kernels run in the order in which they were prepared. Not
    /// zeroed where it is used again.
    [[nodiscard]] Recycled recycle(const Desc& desc);
    /// A view of somebody else's numbers.
    [[nodiscard]] Memory view(const Desc& desc, void* data) const { return {desc, engine, data}; }

    /// oneDNN's own scratchpads belong to the thread that created the primitive; ours travel with the worker.
    [[nodiscard]] static dnnl::primitive_attr attributes();

    template <typename PrimitiveDesc>
    [[nodiscard]] Kernel kernel(const PrimitiveDesc& pd, std::unordered_map<int, Memory> arguments) {
        return finish(dnnl::primitive(pd.get()), pd.scratchpad_desc(), std::move(arguments));
    }
    /// From one layout and type to another.
    [[nodiscard]] Kernel copy(const Memory& from, const Memory& to);
    /// The same, added to what `to` holds.
    [[nodiscard]] Kernel accumulate(const Memory& from, const Memory& to);

    void run(Kernel& kernel);

private:
    struct Buffer {
        Memory memory;
        size_t bytes = 0;
        bool taken = false;
    };
    Kernel finish(dnnl::primitive primitive, const Desc& scratchpad,
                  std::unordered_map<int, Memory> arguments);
    std::shared_ptr<void> m_scratchpad;
    size_t m_scratchpad_bytes = 0;
    std::vector<std::shared_ptr<Buffer>> m_buffers;
};

/// What element-wise loops over equal layouts run through: oneDNN's size of a buffer, paddings included.
[[nodiscard]] inline size_t physical_elements(const Memory& memory) {
    const Desc desc = memory.get_desc();
    return desc.get_size() / dnnl::memory::data_type_size(type_of(desc));
}
[[nodiscard]] inline size_t physical_floats(const Memory& memory) {
    return memory.get_desc().get_size() / sizeof(float);
}
[[nodiscard]] inline float* floats(const Memory& memory) {
    return static_cast<float*>(memory.get_data_handle());
}

} // namespace widthwise::train
