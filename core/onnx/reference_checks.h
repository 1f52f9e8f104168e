#pragma once
// libonnx's opinion: is the model well-formed, and which shape does a node give? Everything that it throws
// ends here.

#include "core/onnx/model_file.h"
#include "core/onnx/operand.h"

#include <set>

namespace widthwise::onnx {

class ReferenceChecks {
public:
    explicit ReferenceChecks(const ModelFile& file);

    /// Newest operator set and IR version that this libonnx knows.
    static int newest_opset();
    static int newest_ir();

    /// Whether libonnx has a schema of the op at this operator set.
    [[nodiscard]] bool knows(const RawNode& node) const;

    /// The official checker on the whole model, as far as it can be asked. What it cannot judge (newer
    /// versions, ops of other domains) comes back as warnings. Errors: invalid_input.
    [[nodiscard]] Result<std::vector<std::string>> check_model(const RawModel& model) const;

    struct Output {
        std::optional<DataType> type;
        std::optional<Shape> shape;
    };
    /// Types and shapes of the outputs of a node of the file alone, from what is known of its inputs
    /// (constants of up to 1024 elements are handed over, of larger ones type and shape). Everything unknown
    /// where libonnx cannot be asked: nodes that are not the file's, foreign or newer ops, nested graphs,
    /// attributes out of any sensible range (it would divide by them). Errors: invalid_input when it finds
    /// that attributes, types and shapes contradict each other.
    [[nodiscard]] Result<std::vector<Output>> infer(const RawNode& node,
                                                    const std::vector<Operand>& inputs) const;

private:
    /// Whether the file's operator set means by the op something that this libonnx does not know.
    [[nodiscard]] bool changed_since(const RawNode& node) const;
    [[nodiscard]] Result<void> check_nodes(const RawModel& model) const;
    const ModelFile& m_file;
    int64_t m_file_opset = 1;
    int m_opset = 1;      ///< of the official domain, at most newest_opset()
    bool m_newer = false; ///< the file's is newer than that
};

} // namespace widthwise::onnx
