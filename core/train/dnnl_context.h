#pragma once
// oneDNN for one worker of this room: engine, stream, shared scratchpad. Included only by this room's own
// .cpp files.

#include "core/graph/graph.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <unordered_map>

namespace widthwise::train {

using Memory = dnnl::memory;
using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;

[[nodiscard]] inline Desc f32_desc(Memory::dims dims, Tag tag) {
    return {std::move(dims), Memory::data_type::f32, tag};
}
/// Row-major, whatever the rank.
[[nodiscard]] Desc dense_desc(const Memory::dims& dims);

/// A primitive with its arguments, ready to run any number of times.
struct Kernel {
    dnnl::primitive primitive;
    std::unordered_map<int, Memory> arguments;
    Memory scratchpad;
};

class DnnlContext {
public:
    DnnlContext() : engine(dnnl::engine::kind::cpu, 0), stream(engine) {}

    dnnl::engine engine;
    dnnl::stream stream;

    /// Zero-filled (paddings of blocked layouts must be zero).
    [[nodiscard]] Memory allocate(const Desc& desc) const;
    /// A view of somebody else's floats.
    [[nodiscard]] Memory view(const Desc& desc, float* data) const { return {desc, engine, data}; }

    /// oneDNN's own scratchpads belong to the thread that created the primitive; ours travel with the worker.
    [[nodiscard]] static dnnl::primitive_attr attributes();

    template <typename PrimitiveDesc>
    [[nodiscard]] Kernel kernel(const PrimitiveDesc& pd, std::unordered_map<int, Memory> arguments) {
        return finish(dnnl::primitive(pd.get()), pd.scratchpad_desc(), std::move(arguments));
    }
    [[nodiscard]] Kernel copy(const Memory& from, const Memory& to);

    void run(Kernel& kernel);

private:
    Kernel finish(dnnl::primitive primitive, const Desc& scratchpad,
                  std::unordered_map<int, Memory> arguments);
    std::shared_ptr<void> m_scratchpad;
    size_t m_scratchpad_bytes = 0;
};

/// oneDNN's size of a physical buffer, in floats: what element-wise loops over equal layouts run through.
[[nodiscard]] inline size_t physical_floats(const Memory& memory) {
    return memory.get_desc().get_size() / sizeof(float);
}
[[nodiscard]] inline float* floats(const Memory& memory) {
    return static_cast<float*>(memory.get_data_handle());
}

} // namespace widthwise::train
