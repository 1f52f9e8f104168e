#pragma once
// RawModel to Graph: walks the nodes once, folds what is constant, translates what we run and keeps the rest
// visible.

#include "core/graph/graph.h"
#include "core/onnx/fold.h"
#include "core/onnx/raw_model.h"
#include "core/onnx/reference_checks.h"
#include "core/onnx/translate.h"

#include <unordered_map>
#include <unordered_set>

namespace widthwise::onnx {

class Importer {
public:
    /// Both must outlive the importer. `name` is used where the file gives its graph none.
    Importer(const RawModel& model, const ReferenceChecks& checks, const std::string& name);

    /// To be called once. `where` of an error names the node.
    [[nodiscard]] Result<GraphPtr> run();
    [[nodiscard]] const std::vector<std::string>& warnings() const { return m_warnings; }

private:
    struct Slot {
        TensorPtr constant;
        ValueId id; ///< constants get one when a node reads them
        std::optional<DataType> type;
    };

    Result<void> add_inputs();
    Result<void> add_input(const RawValue& input);
    Result<void> add_node(const RawNode& node);
    /// What rewrite_quantizers put there: another name, a quantizer. false: the node is none of these.
    Result<bool> add_rewritten(const RawNode& node, const std::vector<Operand>& operands);
    Result<void> add_translated(const RawNode& node, const std::vector<Operand>& operands,
                                Translated&& translated);
    void add_unsupported(const RawNode& node, const std::vector<Operand>& operands, std::string why);
    Result<void> add_outputs();

    [[nodiscard]] std::vector<Operand> operands_of(const RawNode& node) const;
    [[nodiscard]] std::optional<std::string> why_not_translatable(const RawNode& node,
                                                                  const std::vector<Operand>& operands) const;
    [[nodiscard]] Result<void> compare(const RawNode& node, const std::vector<Operand>& operands,
                                       const Translated& translated,
                                       const std::vector<ValueId>& results) const;
    [[nodiscard]] bool is_held_as_f32(const RawNode& node, const Operand& operand) const;
    /// A name that a node reads though no step gives it.
    [[nodiscard]] std::optional<std::string> missing_output(const RawNode& node,
                                                            const Translated& translated) const;
    std::string step_name(const RawNode& node, const Translated& translated, size_t step);
    [[nodiscard]] Value guessed_output(const RawNode& node, size_t position,
                                       const std::vector<Operand>& operands,
                                       const ReferenceChecks::Output& inferred) const;
    ValueId id_of(const std::string& name);
    ValueId derived_constant(const std::string& name, const Source& source);

    const RawModel& m_model;
    const ReferenceChecks& m_checks;
    GraphBuilder m_builder;
    Batch m_batch;
    FoldBudget m_budget;
    std::unordered_map<std::string, Slot> m_slots;
    std::unordered_map<std::string, ValueId> m_derived; ///< by name and what was done
    std::unordered_set<std::string> m_read;             ///< names that a node reads or the network returns
    std::unordered_set<std::string> m_node_names;
    std::vector<std::string> m_warnings;
};

} // namespace widthwise::onnx
