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
    for (const RawNode& node : model.nodes) m_read.insert(node.inputs.begin(), node.inputs.end());
    for (const RawValue& output : model.outputs) m_read.insert(output.name);
    for (const auto& [constant, tensor] : model.initializers)
        m_slots[constant] = {tensor, {}, tensor->type()};
}

Result<GraphPtr> Importer::run() {
    if (auto ok = add_inputs(); !ok) return forward_error(ok);
    for (size_t i = 0; i < m_model.nodes.size(); ++i) {
        if (auto ok = add_node(m_model.nodes[i], i); !ok) {
            ok.error().where = describe(m_model.nodes[i]);
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

Result<void> Importer::add_node(const RawNode& node, size_t index) {
    const std::vector<Operand> operands = operands_of(node);
    NodeView view(node, m_model.opset, operands);
    auto folded = fold(view, m_budget);
    if (!folded) return forward_error(folded);
    if (*folded) {
        const DataType type = (*folded)->type();
        m_slots[node.outputs.front()] = {std::move(*folded), {}, type};
        return {};
    }
    if (auto why = why_not_translatable(node, operands)) {
        add_unsupported(node, index, operands, std::move(*why));
        return {};
    }
    auto translated = translate(view, m_batch);
    if (translated) return add_translated(node, index, operands, std::move(*translated));
    if (translated.error().code != ErrorCode::unsupported) return forward_error(translated);
    add_unsupported(node, index, operands, std::move(translated.error().message));
    return {};
}

std::optional<std::string> Importer::why_not_translatable(const RawNode& node,
                                                          const std::vector<Operand>& operands) const {
    if (!node.domain.empty()) return node.op_type + " (" + node.domain + ") is not run by this version";
    if (!can_translate(node.op_type)) return node.op_type + " is not run by this version";
    if (node.outputs.empty() || node.outputs.front().empty()) return "it has no output";
    for (size_t i = 1; i < node.outputs.size(); ++i) {
        if (!node.outputs[i].empty() && m_read.contains(node.outputs[i])) {
            return "its output " + in_quotes(node.outputs[i]) + " is not computed by this version";
        }
    }
    static const std::unordered_set<std::string> layers{"Conv", "Gemm", "MatMul", "BatchNormalization"};
    bool any_activation = false;
    for (const Operand& operand : operands) {
        if (!operand.is_activation()) continue;
        any_activation = true;
        if (&operand != &operands.front() && layers.contains(node.op_type))
            continue; // weights: translate() says why not
        if (operand.type && *operand.type != DataType::f32) {
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

Result<void> Importer::add_translated(const RawNode& node, size_t index, const std::vector<Operand>& operands,
                                      Translated&& translated) {
    std::vector<ValueId> inputs;
    for (const Source& source : translated.inputs) {
        const std::string& name = node.inputs[source.input];
        inputs.push_back(source.derived ? derived_constant(name, source) : id_of(name));
    }
    auto output = m_builder.add(translated.op, node.op_type, node.name, translated.attributes,
                                std::move(inputs), node.outputs.front());
    if (!output) return forward_error(output);
    m_slots[node.outputs.front()] = {nullptr, *output, DataType::f32};
    return compare(node, index, operands, translated, m_builder.value(*output).shape);
}

Result<void> Importer::compare(const RawNode& node, size_t index, const std::vector<Operand>& operands,
                               const Translated& translated, const Shape& ours) const {
    const auto* pool = std::get_if<PoolAttributes>(&translated.attributes);
    // libonnx counts a last pooling window that lies in the padding alone, and knows nothing of a batch
    // made 1.
    const bool differs_by_design = (pool && pool->ceil_mode) || node.op_type == "Squeeze" ||
                                   (m_batch.fixed > 1 && translated.op == Op::reshape);
    if (differs_by_design) return {};
    auto theirs = m_checks.infer(node, index, operands);
    if (!theirs) return forward_error(theirs);
    const auto& shape = theirs->front().shape;
    if (!shape || *shape == ours) return {};
    return fail(ErrorCode::invalid_input, "its output is " + ours.to_string() + " or " + shape->to_string() +
                                              ", depending on the reading");
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

void Importer::add_unsupported(const RawNode& node, size_t index, const std::vector<Operand>& operands,
                               std::string why) {
    std::vector<ReferenceChecks::Output> inferred(node.outputs.size());
    if (auto asked = m_checks.infer(node, index, operands))
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
    if (fresh) it->second = m_builder.constant(name, source.derived);
    return it->second;
}

} // namespace widthwise::onnx
