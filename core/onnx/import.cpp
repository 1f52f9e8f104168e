#include "core/onnx/import.h"

#include "core/base/hash.h"
#include "core/onnx/absorb_quantizers.h"
#include "core/onnx/export_quantizers.h"
#include "core/onnx/importer.h"
#include "core/onnx/model_file.h"
#include "core/onnx/reference_checks.h"
#include "core/onnx/rewrite_quantizers.h"
#include "core/onnx/structure.h"

#include <fstream>

namespace widthwise::onnx {

namespace {

Result<std::string> read_whole(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return fail(ErrorCode::invalid_input, "there is no such file");
    if (!std::filesystem::is_regular_file(status)) return fail(ErrorCode::invalid_input, "this is no file");
    const auto size = std::filesystem::file_size(path, error);
    if (error) return fail(ErrorCode::invalid_input, "the file cannot be read: " + error.message());
    if (size > static_cast<uintmax_t>(INT32_MAX))
        return fail(ErrorCode::invalid_input, "the file is larger than 2 GiB");
    std::string bytes(size, '\0');
    std::ifstream stream(path, std::ios::binary);
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream) return fail(ErrorCode::invalid_input, "the file cannot be read");
    return bytes;
}

/// A design in the metadata says more of its layers than quantizers can; these tell of layers that it does
/// not name.
void read_design(Imported& imported) {
    const auto text = imported.metadata.find(k_design_key);
    if (text == imported.metadata.end()) return;
    auto plan = plan_from_json(text->second, *imported.graph, "metadata");
    if (!plan) {
        imported.warnings.push_back("the design in the file's metadata is not used: " +
                                    plan.error().to_line());
        return;
    }
    if (imported.design)
        for (const auto& [layer, precision] : imported.design->layers())
            if (!plan->layers().contains(layer)) plan->set(layer, precision);
    imported.design = std::move(*plan);
}

Result<Imported> import_parsed(ModelFile file, std::string hash, const std::string& name) {
    auto model = file.read();
    if (!model) return forward_error(model);
    if (auto ok = check_structure(*model); !ok) return forward_error(ok);
    const ReferenceChecks checks(file);
    auto doubts = checks.check_model(*model);
    if (!doubts) return forward_error(doubts);
    file.drop_weights();
    auto quantized = rewrite_quantizers(*model);
    if (!quantized) return forward_error(quantized);

    Importer importer(*model, checks, name);
    auto graph = importer.run();
    if (!graph) return forward_error(graph);
    Imported imported{
        std::move(*graph), std::move(hash), {}, std::move(model->metadata), std::move(model->warnings)};
    if (*quantized) {
        auto network = absorb_quantizers(*imported.graph, *model);
        if (!network) return forward_error(network);
        imported.graph = std::move(network->graph);
        imported.design = std::move(network->design);
    }
    read_design(imported);
    imported.warnings.insert(imported.warnings.end(), doubts->begin(), doubts->end());
    imported.warnings.insert(imported.warnings.end(), importer.warnings().begin(), importer.warnings().end());
    return imported;
}

/// Protobuf and libonnx throw, and so does memory that is not there; `where` is the file.
template <typename Work> Result<Imported> guarded(const std::string& where, const Work& work) {
    Result<Imported> result = fail(ErrorCode::failed, "nothing was read");
    try {
        result = work();
    } catch (const std::bad_alloc&) {
        result = fail(ErrorCode::out_of_memory, "not enough memory to open the model");
    } catch (const std::exception& problem) {
        result = fail(ErrorCode::invalid_input, std::string("the model cannot be read: ") + problem.what());
    }
    if (!result) {
        std::string& place = result.error().where;
        place = place.empty() ? where : place + " of " + where;
    }
    return result;
}

} // namespace

Result<Imported> import_model(const std::filesystem::path& path) {
    return guarded(path.string(), [&]() -> Result<Imported> {
        auto bytes = read_whole(path);
        if (!bytes) return forward_error(bytes);
        const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        auto file = ModelFile::parse(*bytes, folder);
        if (!file) return forward_error(file);
        std::string hash = sha256(*bytes);
        std::string().swap(*bytes);
        return import_parsed(std::move(*file), std::move(hash), path.stem().string());
    });
}

Result<Imported> import_model_bytes(std::string_view bytes, const std::string& where) {
    return guarded(where, [&]() -> Result<Imported> {
        auto file = ModelFile::parse(bytes, {});
        if (!file) return forward_error(file);
        return import_parsed(std::move(*file), sha256(bytes), where);
    });
}

} // namespace widthwise::onnx
