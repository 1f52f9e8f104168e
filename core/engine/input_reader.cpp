#include "core/engine/input_reader.h"

#include "core/engine/layout.h"

namespace widthwise::engine {

Result<void> check_input_fits(const Graph& graph, const Dataset& data) {
    if (graph.inputs().size() != 1)
        return fail(ErrorCode::unsupported,
                    "the network has " + std::to_string(graph.inputs().size()) + " inputs", graph.name(),
                    "only networks with one image input can be run");
    const Shape& shape = graph.value(graph.inputs()[0]).shape;
    const auto [c, h, w] = data.image_shape();
    const Shape expected = data.network_is_nhwc() ? Shape{1, h, w, c} : Shape{1, c, h, w};
    if (shape == expected || (shape.rank() == 2 && shape[1] == c * h * w)) return {};
    Shape per_image(std::vector<int64_t>(shape.dims().begin() + 1, shape.dims().end()));
    return fail(ErrorCode::invalid_input,
                "the network wants " + per_image.to_string() + " inputs, the data give " +
                    Shape{c, h, w}.to_string() + " (channels x height x width)" +
                    (data.network_is_nhwc() ? " as nhwc" : ""),
                data.name(), "change resize, crop, channels or layout in the dataset card");
}

Result<InputReader> InputReader::create(const Graph& graph, const Dataset& data) {
    if (Result<void> fits = check_input_fits(graph, data); !fits) return forward_error(fits);
    const auto [channels, height, width] = data.image_shape();
    InputReader reader;
    reader.m_data = &data;
    reader.m_elements = static_cast<size_t>(channels * height * width);
    reader.m_map =
        input_map(graph.value(graph.inputs()[0]).shape, height, width, channels, data.network_is_nhwc());
    if (ElementMap{reader.m_map, 0}.is_identity(channels * height * width)) reader.m_map.clear();
    return reader;
}

Result<void> InputReader::read(int64_t image, std::span<float> target, std::vector<float>& scratch) const {
    if (m_map.empty()) return m_data->read(image, target);
    scratch.resize(m_elements);
    if (Result<void> done = m_data->read(image, scratch); !done) return done;
    for (size_t k = 0; k < m_map.size(); ++k) target[k] = scratch[static_cast<size_t>(m_map[k])];
    return {};
}

} // namespace widthwise::engine
