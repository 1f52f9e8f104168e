#include "core/onnx/importer.h"

#include "core/base/text.h"

namespace widthwise::onnx {

namespace {

/// QONNX's quantizers give back what they get, rounded: libonnx does not know them, but their shape is no
/// secret.
bool keeps_shape(const std::string& op_type) {
    static const std::unordered_set<std::string> ops{"Quant", "BipolarQuant", "Trunc", "IntQuant",
                                                     "FloatQuant"};
    return ops.contains(op_type);
}

std::string name_or(const std::string& name, const std::string& fallback) {
    return name.empty() ? fallback : name;
}

/// Declared dimensions at batch 1; nullopt where one is open.
std::optional<Shape> declared_shape(const RawValue& value, const Batch& batch) {
    if (!value.has_shape) return std::nullopt;
    std::vector<int64_t> dims = value.dims;
    if (!dims.empty() && (dims[0] == -1 || dims[0] == batch.fixed)) dims[0] = 1;
    Shape shape(std::move(dims));
    const auto elements = shape.checked_elements();
    return elements && *elements > 0 ? std::optional(std::move(shape)) : std::nullopt;
}

} // namespace

Importer::Importer(const RawModel& model, const ReferenceChecks& checks, const std::string& name)
    : m_model(model)
    , m_checks(checks)
    , m_builder(name_or(model.name, name), static_cast<int>(std::clamp<int64_t>(model.opset, 0, 1 << 20))) {
    for (const RawNode& node : model.nodes) {
        m_read.insert(node.inputs.begin(), node.inputs.end());
        m_node_names.insert(node.name);
    }
    for (const RawValue& output : model.outputs) m_read.insert(output.name);
    for (const auto& [constant, tensor] : model.initializers)
        m_slots[constant] = {tensor, {}, tensor->type()};
}

Result<GraphPtr> Importer::run() {
    if (auto ok = add_inputs(); !ok) return forward_error(ok);
    for (const RawNode& node : m_model.nodes) {
        if (auto ok = add_node(node); !ok) {
            ok.error().where = describe(node);
            return forward_error(ok);
        }
    }
    if (auto ok = add_outputs(); !ok) return forward_error(ok);
    return m_builder.build();
}

Result<void> Importer::add_inputs() {
    const RawValue* image = nullptr;
    for (const RawValue& input : m_model.inputs) {
        if (!image && input.type == DataType::f32) image = &input;
    }
    if (!image) {
        const bool some = !m_model.inputs.empty() && m_model.inputs.front().type.has_value();
        return fail(ErrorCode::invalid_input, "the network has no float32 input",
                    some ? "input " + in_quotes(m_model.inputs.front().name) + " is " +
                               std::string(to_string(*m_model.inputs.front().type))
                         : std::string());
    }
    if (image->has_shape && !image->dims.empty()) {
        m_batch.is_free = image->dims[0] == -1;
        m_batch.fixed = std::max<int64_t>(1, image->dims[0]);
    }
    for (const RawValue& input : m_model.inputs) {
        if (auto ok = add_input(input); !ok) {
            ok.error().where = "input " + in_quotes(input.name);
            return ok;
        }
    }
    return {};
}

Result<void> Importer::add_input(const RawValue& input) {
    if (!input.type) return fail(ErrorCode::unsupported, "the network wants something else than numbers");
    if (!input.has_shape || input.dims.empty()) return fail(ErrorCode::unsupported, "its shape is not given");
    std::vector<int64_t> dims = input.dims;
    if (dims[0] == -1 || dims[0] == m_batch.fixed) dims[0] = 1;
    for (size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] == -1) {
            return fail(
                ErrorCode::unsupported, "dimension " + std::to_string(i) + " is left open", {},
                "only the batch, the first one, may be free: export the model for a fixed image size");
        }
    }
    Shape shape(std::move(dims));
    const auto elements = shape.checked_elements();
    if (!elements || *elements == 0) {
        return fail(ErrorCode::invalid_input, "its shape " + shape.to_string() + " is impossible");
    }
    m_slots[input.name] = {nullptr, m_builder.input(input.name, std::move(shape), *input.type), input.type};
    return {};
}

std::vector<Operand> Importer::operands_of(const RawNode& node) const {
    std::vector<Operand> operands;
    for (const std::string& name : node.inputs) {
        Operand operand;
        operand.name = name;
        if (const auto it = m_slots.find(name); !name.empty() && it != m_slots.end()) {
            operand.type = it->second.type;
            operand.constant = it->second.constant;
            if (operand.constant)
                operand.shape = operand.constant->shape();
            else if (const Value& value = m_builder.value(it->second.id); value.shape_known)
                operand.shape = value.shape;
        }
        operands.push_back(std::move(operand));
    }
    return operands;
}

Result<void> Importer::add_node(const RawNode& node) {
    const std::vector<Operand> operands = operands_of(node);
    if (!node.refused.empty()) {
        add_unsupported(node, operands, node.refused);
        return {};
    }
    auto rewritten = add_rewritten(node, operands);
    if (!rewritten && rewritten.error().code != ErrorCode::unsupported) return forward_error(rewritten);
    if (!rewritten) {
        add_unsupported(node, operands, std::move(rewritten.error().message));
        return {};
    }
    if (*rewritten) return {};
    NodeView view(node, m_model.opset, operands);
    auto folded = fold(view, m_budget);
    if (!folded) return forward_error(folded);
    if (*folded) {
        const DataType type = (*folded)->type();
        m_slots[node.outputs.front()] = {std::move(*folded), {}, type};
        return {};
    }
    auto pieces = fold_split(view, m_budget);
    if (!pieces) return forward_error(pieces);
    for (size_t i = 0; i < pieces->size(); ++i) {
        const DataType type = (*pieces)[i]->type();
        if (!node.outputs[i].empty()) m_slots[node.outputs[i]] = {(*pieces)[i], {}, type};
    }
    if (!pieces->empty()) return {};
    if (auto why = why_not_translatable(node, operands)) {
        add_unsupported(node, operands, std::move(*why));
        return {};
    }
    auto translated = translate(view, m_batch);
    if (translated) {
        if (auto missing = missing_output(node, *translated)) {
            add_unsupported(node, operands,
                            "its output " + in_quotes(*missing) + " is not computed by this version");
            return {};
        }
        return add_translated(node, operands, std::move(*translated));
    }
    if (translated.error().code != ErrorCode::unsupported) return forward_error(translated);
    add_unsupported(node, operands, std::move(translated.error().message));
    return {};
}

std::optional<std::string> Importer::missing_output(const RawNode& node, const Translated& translated) const {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
        const auto gives = [&](const Step& step) { return step.output == static_cast<int>(i); };
        if (!node.outputs[i].empty() && m_read.contains(node.outputs[i]) &&
            std::none_of(translated.steps.begin(), translated.steps.end(), gives))
            return node.outputs[i];
    }
    return std::nullopt;
}

std::optional<std::string> Importer::why_not_translatable(const RawNode& node,
                                                          const std::vector<Operand>& operands) const {
    if (!node.domain.empty()) return node.op_type + " (" + node.domain + ") is not run by this version";
    if (!can_translate(node.op_type)) return node.op_type + " is not run by this version";
    if (node.outputs.empty() || node.outputs.front().empty()) return "it has no output";
    static const std::unordered_set<std::string> layers{"Conv", "ConvTranspose", "Gemm",
                                                        "BatchNormalization"};
    bool any_activation = false;
    for (const Operand& operand : operands) {
        if (!operand.is_activation()) continue;
        any_activation = true;
        if (&operand != &operands.front() && layers.contains(node.op_type))
            continue; // weights: translate() says why not
        if (operand.type && *operand.type != DataType::f32 && !is_held_as_f32(node, operand)) {
            return in_quotes(operand.name) + " is " + std::string(to_string(*operand.type)) +
                   ", only float32 is run";
        }
        if (!operand.type || !operand.shape)
            return "the shape of its input " + in_quotes(operand.name) + " is not known";
        if (operand.shape->rank() == 0 || (*operand.shape)[0] != 1) {
            return "its input " + in_quotes(operand.name) + " has no batch in front (" +
                   operand.shape->to_string() + ")";
        }
    }
    if (!any_activation) return "all its inputs are constant";
    return std::nullopt;
}

/// Booleans and integers that ops of ours made are f32 to us. Ops that compare, choose or move take them;
/// arithmetic on them (integer division) would mean something else.
bool Importer::is_held_as_f32(const RawNode& node, const Operand& operand) const {
    static const std::unordered_set<std::string> ops{"Cast",
                                                     "CastLike",
                                                     "Identity",
                                                     "Where",
                                                     "Not",
                                                     "And",
                                                     "Or",
                                                     "Xor",
                                                     "Equal",
                                                     "Less",
                                                     "Greater",
                                                     "LessOrEqual",
                                                     "GreaterOrEqual",
                                                     "Reshape",
                                                     "Flatten",
                                                     "Squeeze",
                                                     "Unsqueeze",
                                                     "Transpose",
                                                     "Concat",
                                                     "Split",
                                                     "Slice",
                                                     "Gather",
                                                     "Expand",
                                                     "Tile"};
    const Slot& slot = m_slots.at(operand.name);
    return ops.contains(node.op_type) && m_builder.value(slot.id).type == DataType::f32;
}

/// The node's own name where one step gives its output; "Split_3:1" where several do, and for steps between.
std::string Importer::step_name(const RawNode& node, const Translated& translated, size_t step) {
    const auto& steps = translated.steps;
    const auto results =
        std::count_if(steps.begin(), steps.end(), [](const Step& s) { return s.output >= 0; });
    if (results == 1 && steps[step].output >= 0) return node.name;
    std::string name = node.name + ":" + std::to_string(step);
    while (!m_node_names.insert(name).second) name += "'";
    return name;
}

Result<void> Importer::add_translated(const RawNode& node, const std::vector<Operand>& operands,
                                      Translated&& translated) {
    std::vector<ValueId> results;
    for (size_t i = 0; i < translated.steps.size(); ++i) {
        Step& step = translated.steps[i];
        std::vector<ValueId> inputs;
        for (const Source& source : step.inputs) {
            if (source.step >= 0) {
                inputs.push_back(results[static_cast<size_t>(source.step)]);
                continue;
            }
            const std::string& name = node.inputs[source.input];
            inputs.push_back(source.derived ? derived_constant(name, source) : id_of(name));
        }
        const std::string output_name =
            step.output < 0 ? std::string() : node.outputs[static_cast<size_t>(step.output)];
        auto output =
            m_builder.add(step.op, step.op_type.empty() ? node.op_type : step.op_type,
                          step_name(node, translated, i), step.attributes, std::move(inputs), output_name);
        if (!output) return forward_error(output);
        results.push_back(*output);
        if (!output_name.empty()) m_slots[output_name] = {nullptr, *output, step.type};
    }
    return compare(node, operands, translated, results);
}

Result<void> Importer::compare(const RawNode& node, const std::vector<Operand>& operands,
                               const Translated& translated, const std::vector<ValueId>& results) const {
    const Step& last = translated.steps.back();
    const auto* pool = std::get_if<PoolAttributes>(&last.attributes);
    // libonnx counts a last pooling window that lies in the padding alone, and knows nothing of a batch
    // made 1.
    const bool differs_by_design = (pool && pool->ceil_mode) || node.op_type == "Squeeze" ||
                                   (m_batch.fixed > 1 && (last.op == Op::reshape || last.op == Op::expand ||
                                                          last.op == Op::slice || last.op == Op::resize));
    if (differs_by_design) return {};
    auto theirs = m_checks.infer(node, operands);
    if (!theirs) return forward_error(theirs);
    for (size_t i = 0; i < translated.steps.size(); ++i) {
        if (translated.steps[i].output < 0) continue;
        const auto& shape = (*theirs)[static_cast<size_t>(translated.steps[i].output)].shape;
        const Shape& ours = m_builder.value(results[i]).shape;
        if (!shape || *shape == ours) continue;
        return fail(ErrorCode::invalid_input, "its output is " + ours.to_string() + " or " +
                                                  shape->to_string() + ", depending on the reading");
    }
    return {};
}

Value Importer::guessed_output(const RawNode& node, size_t position, const std::vector<Operand>& operands,
                               const ReferenceChecks::Output& inferred) const {
    const std::string& name = node.outputs[position];
    Value value;
    value.name = name_or(name, node.name);
    value.shape_known = false;
    value.type = inferred.type.value_or(DataType::f32);
    if (inferred.shape) {
        value.shape = *inferred.shape;
        value.shape_known = true;
    } else if (position == 0 && keeps_shape(node.op_type) && !operands.empty() && operands.front().shape) {
        value.shape = *operands.front().shape;
        value.shape_known = true;
    } else if (const auto it = m_model.declared.find(name); it != m_model.declared.end()) {
        if (it->second.type && !inferred.type) value.type = *it->second.type;
        if (auto shape = declared_shape(it->second, m_batch)) {
            value.shape = std::move(*shape);
            value.shape_known = true;
        }
    }
    return value;
}

void Importer::add_unsupported(const RawNode& node, const std::vector<Operand>& operands, std::string why) {
    std::vector<ReferenceChecks::Output> inferred(node.outputs.size());
    if (auto asked = m_checks.infer(node, operands))
        inferred = std::move(*asked);
    else
        m_warnings.push_back(describe(node) + ": " + asked.error().message);
    std::vector<ValueId> inputs;
    for (const Operand& operand : operands) {
        // What libonnx reads from an initializer of a type that we do not hold has no value to point at.
        if (operand.present() && m_slots.contains(operand.name)) inputs.push_back(id_of(operand.name));
    }
    std::vector<Value> outputs;
    for (size_t i = 0; i < node.outputs.size(); ++i)
        outputs.push_back(guessed_output(node, i, operands, inferred[i]));
    NodeView view(node, m_model.opset, operands);
    const auto convolution = node.domain.empty() ? describe_convolution(view) : std::nullopt;
    const auto ids =
        m_builder.add_unsupported(node.op_type, node.name, std::move(why), std::move(inputs),
                                  std::move(outputs), convolution ? Attributes(*convolution) : Attributes());
    for (size_t i = 0; i < ids.size(); ++i) {
        if (node.outputs[i].empty()) continue;
        const Value& value = m_builder.value(ids[i]);
        const bool known = value.shape_known || inferred[i].type.has_value();
        m_slots[node.outputs[i]] = {nullptr, ids[i], known ? std::optional(value.type) : std::nullopt};
    }
}

Result<void> Importer::add_outputs() {
    for (const RawValue& output : m_model.outputs) {
        const auto it = m_slots.find(output.name);
        if (it == m_slots.end() || it->second.constant) {
            return fail(ErrorCode::unsupported, "the network returns a constant",
                        "output " + in_quotes(output.name));
        }
        m_builder.output(it->second.id);
        const Value& value = m_builder.value(it->second.id);
        const auto declared = declared_shape(output, m_batch);
        if (declared && value.shape_known && *declared != value.shape) {
            m_warnings.push_back("the file declares its output " + in_quotes(output.name) + " as " +
                                 declared->to_string() + ", its nodes give " + value.shape.to_string());
        }
    }
    return {};
}

ValueId Importer::id_of(const std::string& name) {
    Slot& slot = m_slots.at(name);
    if (!slot.id.valid()) slot.id = m_builder.constant(name, slot.constant);
    return slot.id;
}

ValueId Importer::derived_constant(const std::string& name, const Source& source) {
    const auto [it, fresh] = m_derived.try_emplace(name + '\0' + source.how);
    // Made from nothing of the file: named after the node, for an activation has the name already.
    const bool own = source.how.find(':') != std::string::npos;
    if (fresh) it->second = m_builder.constant(own ? source.how : name, source.derived);
    return it->second;
}

} // namespace widthwise::onnx
