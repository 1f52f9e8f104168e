#include "core/base/hash.h"
#include "core/base/resource.h"
#include "core/base/text.h"
#include "core/cost/topology_csv.h"
#include "core/engine/scores.h"
#include "core/flow/session.h"
#include "core/flow/trained_file.h"
#include "core/graph/zoo.h"
#include "core/onnx/import.h"

#include <algorithm>
#include <utility>

namespace widthwise::flow {
namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return extension;
}

Model from_import(onnx::Imported imported, std::string source, std::string name) {
    Model model;
    model.source = std::move(source);
    model.name = std::move(name);
    model.hash = std::move(imported.hash);
    model.graph = std::move(imported.graph);
    model.carried_design = std::move(imported.design);
    model.warnings = std::move(imported.warnings);
    read_scales(imported.metadata, model);
    return model;
}

Result<Model> load_demo() {
    return load_model_bytes(resource("demo/demo.onnx"), "demo", "demo");
}

Result<Model> load_zoo(const std::string& source, zoo::Weights weights) {
    const std::string specification = source.substr(4);
    auto graph = zoo::build(specification, weights);
    if (!graph) return forward_error(graph);
    Model model;
    model.source = source;
    model.name = specification;
    model.hash = sha256(source);
    model.graph = std::move(*graph);
    model.trained = false;
    return model;
}

Result<Model> load_topology(const fs::path& path, std::string source) {
    auto graph = cost::import_topology(path);
    if (!graph) return forward_error(graph);
    auto hash = sha256_file(path);
    if (!hash) return forward_error(hash);
    Model model;
    model.source = std::move(source);
    model.name = path.stem().string();
    model.hash = std::move(*hash);
    model.graph = std::move(*graph);
    model.trained = false;
    model.topology = true;
    return model;
}

/// Networks hold their input as 1 x C x H x W, 1 x H x W x C (`layout` of the card says which) or flat.
Shape wanted_by(const Dataset& data) {
    const auto [channels, height, width] = data.image_shape();
    return data.network_is_nhwc() ? Shape{1, height, width, channels} : Shape{1, channels, height, width};
}

} // namespace

Result<Model> load_model_bytes(std::string_view onnx, std::string source, std::string name) {
    auto imported = onnx::import_model_bytes(onnx, source);
    if (!imported) return forward_error(imported);
    return from_import(std::move(*imported), std::move(source), std::move(name));
}

Result<Model> load_model(const std::string& source, zoo::Weights weights) {
    if (source.empty())
        return fail(ErrorCode::usage, "no model given", {}, "name an .onnx file, zoo:NAME or demo");
    if (source == "demo") return load_demo();
    if (source.starts_with("zoo:")) return load_zoo(source, weights);

    const fs::path path = source;
    std::error_code error;
    if (!fs::exists(path, error))
        return fail(ErrorCode::invalid_input, "no such model", source,
                    "name an .onnx file, zoo:NAME or demo");
    if (fs::is_directory(path, error))
        return fail(ErrorCode::invalid_input, "a folder is no model", source,
                    "name an .onnx file, zoo:NAME or demo");
    fs::path absolute = fs::absolute(path, error);
    if (error) absolute = path;
    const std::string name = absolute.lexically_normal().string();
    if (lower_extension(path) == ".csv") return load_topology(path, name);
    auto imported = onnx::import_model(path);
    if (!imported) return forward_error(imported);
    return from_import(std::move(*imported), name, path.stem().string());
}

Result<DatasetPtr> load_data(const std::string& source) {
    if (source.empty())
        return fail(ErrorCode::usage, "no data given", {}, "name a dataset card, a folder or demo");
    return open_dataset(source);
}

Result<void> check_fit(const Graph& graph, const Dataset& data) {
    if (data.size() == 0) return fail(ErrorCode::invalid_input, "the data hold no image", data.name());
    if (graph.inputs().size() != 1)
        return fail(ErrorCode::unsupported,
                    "images are one input, the network has " + std::to_string(graph.inputs().size()), {},
                    "use inspect or cost");
    const Value& input = graph.value(graph.inputs().front());
    const Shape given = wanted_by(data);
    const bool fits =
        input.shape.rank() == 4 ? input.shape == given : input.shape.elements() == given.elements();
    if (!fits)
        return fail(ErrorCode::invalid_input,
                    "the network wants " + input.shape.to_string() + ", the data give " + given.to_string(),
                    data.name(), "change resize, crop, channels or layout in the dataset card");
    const Value& output = graph.value(graph.outputs().front());
    if (engine::gives_classes(graph) && output.shape.elements() < data.class_count())
        return fail(ErrorCode::invalid_input,
                    "the network tells " + std::to_string(output.shape.elements()) +
                        " classes apart, the data have " + std::to_string(data.class_count()),
                    data.name(), "use the data that the network was trained for");
    return {};
}

} // namespace widthwise::flow
