#pragma once
// The file format: bytes to RawModel, and the protobuf original for libonnx's own checks.

#include "core/onnx/raw_model.h"

#include "core/base/result.h"

#include <filesystem>
#include <memory>
#include <string_view>

namespace onnx {
class ModelProto;
class NodeProto;
} // namespace onnx

namespace widthwise::onnx {

class ModelFile {
public:
    /// `folder` is where external data may lie; empty: nowhere. Errors (invalid_input): truncated, not ONNX,
    /// nested too deeply, sparse or malformed tensors, names that are not UTF-8. `where` of an error names
    /// node or tensor, not the file.
    static Result<ModelFile> parse(std::string_view bytes, const std::filesystem::path& folder);

    ModelFile(ModelFile&&) noexcept;
    ~ModelFile();

    [[nodiscard]] const ::onnx::ModelProto& proto() const { return *m_proto; }
    [[nodiscard]] const ::onnx::NodeProto& node(size_t index) const;
    /// Reads the plain structures; node names are made unique. Errors as above.
    [[nodiscard]] Result<RawModel> read() const;
    /// Frees the protobuf's copy of the weights, which RawModel holds as well.
    void drop_weights();

private:
    explicit ModelFile(std::unique_ptr<::onnx::ModelProto> proto);
    std::unique_ptr<::onnx::ModelProto> m_proto;
};

} // namespace widthwise::onnx
