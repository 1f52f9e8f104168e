#include "core/onnx/structure.h"

#include "core/base/text.h"

namespace widthwise::onnx {

namespace {

constexpr int from_outside = -1; // an input or initializer

using Producers = std::unordered_map<std::string, int>;

Result<Producers> find_producers(const RawModel& model) {
    Producers producers;
    for (const auto& [name, tensor] : model.initializers) producers.emplace(name, from_outside);
    for (const auto& name : model.unreadable) producers.emplace(name, from_outside);
    for (const RawValue& input : model.inputs) {
        if (!producers.emplace(input.name, from_outside).second) {
            return fail(ErrorCode::invalid_input, "two inputs have the same name", in_quotes(input.name));
        }
    }
    for (size_t i = 0; i < model.nodes.size(); ++i) {
        for (const std::string& name : model.nodes[i].outputs) {
            if (name.empty() || producers.emplace(name, static_cast<int>(i)).second) continue;
            return fail(ErrorCode::invalid_input, "its output " + in_quotes(name) + " has another producer",
                        describe(model.nodes[i]));
        }
    }
    return producers;
}

/// The nodes that remain when all that can run have run: those on a cycle and those behind one. -1: none.
int node_on_cycle(const RawModel& model, const Producers& producers) {
    std::vector<int> waiting(model.nodes.size(), 0);
    std::vector<std::vector<int>> readers(model.nodes.size());
    std::vector<int> ready;
    for (size_t i = 0; i < model.nodes.size(); ++i) {
        for (const std::string& name : model.nodes[i].inputs) {
            const auto it = producers.find(name);
            if (name.empty() || it == producers.end() || it->second == from_outside) continue;
            readers[static_cast<size_t>(it->second)].push_back(static_cast<int>(i));
            ++waiting[i];
        }
        if (waiting[i] == 0) ready.push_back(static_cast<int>(i));
    }
    while (!ready.empty()) {
        const int done = ready.back();
        ready.pop_back();
        for (const int reader : readers[static_cast<size_t>(done)]) {
            if (--waiting[static_cast<size_t>(reader)] == 0) ready.push_back(reader);
        }
    }
    const auto stuck = std::find_if(waiting.begin(), waiting.end(), [](int count) { return count > 0; });
    return stuck == waiting.end() ? -1 : static_cast<int>(stuck - waiting.begin());
}

} // namespace

Result<void> check_structure(const RawModel& model) {
    auto producers = find_producers(model);
    if (!producers) return forward_error(producers);
    const auto error = [](std::string message, const RawNode& node) {
        return fail(ErrorCode::invalid_input, std::move(message), describe(node));
    };
    for (const RawNode& node : model.nodes) {
        if (node.op_type.empty()) return error("it has no op", node);
        for (const std::string& name : node.inputs) {
            if (!name.empty() && !producers->contains(name)) {
                return error("it reads " + in_quotes(name) + ", which nothing produces", node);
            }
        }
    }
    if (const int stuck = node_on_cycle(model, *producers); stuck >= 0) {
        return error("the network has a cycle", model.nodes[static_cast<size_t>(stuck)]);
    }
    for (size_t i = 0; i < model.nodes.size(); ++i) {
        for (const std::string& name : model.nodes[i].inputs) {
            if (!name.empty() && producers->at(name) >= static_cast<int>(i)) {
                return error("it reads " + in_quotes(name) + " before that is produced", model.nodes[i]);
            }
        }
    }
    for (const RawValue& output : model.outputs) {
        if (!producers->contains(output.name)) {
            return fail(ErrorCode::invalid_input, "nothing produces the output", in_quotes(output.name));
        }
    }
    return {};
}

} // namespace widthwise::onnx
