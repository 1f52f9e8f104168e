#include "core/engine/incremental_program.h"

#include "core/engine/cut_points.h"
#include "core/engine/lowering.h"

#include <algorithm>
#include <bit>
#include <set>

namespace widthwise::engine {

Result<IncrementalEngine::PreparedPtr>
IncrementalEngine::prepare(const Graph& graph, const PrecisionPlan& resolved, const ImageOrder& order) {
    auto prepared = std::make_shared<Prepared>();
    auto reader = InputReader::create(graph, *order.data);
    if (!reader) return forward_error(reader);
    auto program = lower(graph, resolved);
    if (!program) return forward_error(program);
    prepared->order = &order;
    prepared->reader = std::move(*reader);
    prepared->program = std::move(*program);
    // A power of two, so that stretches that end at multiples of 16 end between micro-batches. Upwards:
    // fuller batches were measured faster than the emptier cache.
    prepared->batch =
        static_cast<int>(std::bit_ceil(static_cast<unsigned>(Executor::choose_batch(prepared->program))));
    prepared->numbering = m_table.number(prepared->program, prepared->batch, order.key);
    prepared->generation = m_table.generation();
    std::erase_if(m_layers, [&](const auto& item) { return !m_table.knows(item.first); });
    std::erase_if(m_seconds, [&](const auto& item) { return !m_table.knows(item.first); });
    return prepared;
}

const Program& IncrementalEngine::program(const Prepared& prepared) {
    return prepared.program;
}

int64_t IncrementalEngine::bytes_per_image(const Prepared& prepared, BufferId buffer) {
    return static_cast<int64_t>(prepared.bytes_per_image(buffer));
}

std::vector<int64_t> IncrementalEngine::output_elements(const Prepared& prepared) {
    std::vector<int64_t> elements;
    for (const BufferId id : prepared.program.outputs)
        elements.push_back(prepared.program.buffers[id.position()].extent.elements());
    return elements;
}

bool IncrementalEngine::available(const Prepared& p, ContentId content, int64_t begin, int64_t end) const {
    if (!content.valid()) return false;
    const KeptActivation* kept = m_store.find(content);
    if (!kept) return false;
    const int64_t ready = kept->ready == p.order->size() ? kept->ready : kept->ready / p.batch * p.batch;
    return kept->begin <= begin && ready >= end;
}

/// Positions between which it is the same contents that are at hand.
std::vector<int64_t> IncrementalEngine::boundaries(const Prepared& p, int64_t begin, int64_t end) const {
    std::set<int64_t> at{begin, end};
    for (const ContentId content : p.numbering.contents) {
        const KeptActivation* kept = content.valid() ? m_store.find(content) : nullptr;
        if (!kept) continue;
        const int64_t ready = kept->ready == p.order->size() ? kept->ready : kept->ready / p.batch * p.batch;
        for (const int64_t position : {kept->begin, ready})
            if (position > begin && position < end) at.insert(position);
    }
    return {at.begin(), at.end()};
}

Result<const IncrementalEngine::Compiled*> IncrementalEngine::compile(Prepared& p, int64_t begin,
                                                                      int64_t end) {
    // Backwards from the outputs: what is at hand is loaded, anything else is made.
    auto compiled = std::make_unique<Compiled>();
    const size_t steps = p.program.steps.size();
    compiled->needed.resize(steps);
    std::vector<bool> wanted(p.program.buffers.size());
    const auto want = [&](BufferId id) { wanted[p.root(id).position()] = true; };
    const auto load = [&](BufferId root) {
        if (!available(p, p.content(root), begin, end)) return false;
        compiled->loads.push_back(root);
        return true;
    };
    for (const BufferId id : p.program.outputs) want(id);
    for (size_t s = steps; s-- > 0;) {
        const Operation& operation = p.program.steps[s].operation;
        const BufferId out = p.root(writes(operation));
        if (!wanted[out.position()] || load(out)) continue;
        compiled->needed[s] = true;
        for (const BufferId id : reads(operation)) want(id);
    }
    const BufferId input = p.root(p.program.input);
    compiled->reads_input = wanted[input.position()] && !load(input);

    for (const auto& earlier : p.compiled)
        if (earlier->needed == compiled->needed && earlier->reads_input == compiled->reads_input)
            return earlier.get();
    std::vector<size_t> numbers;
    for (size_t s = 0; s < steps; ++s)
        if (compiled->needed[s]) numbers.push_back(s);
    if (!numbers.empty() || compiled->reads_input) {
        Program part;
        part.buffers = p.program.buffers;
        part.input = p.program.input;
        part.outputs = p.program.outputs;
        for (const size_t s : numbers) part.steps.push_back(p.program.steps[s]);
        ExecutorOptions options;
        options.batch = p.batch;
        options.preloaded = compiled->loads;
        if (compiled->reads_input) options.preloaded->push_back(input);
        options.layer = [&](const Program& own, size_t step, int batch, const FusedAdd* add) {
            return layer(own, p.numbering.operations[numbers[step]], step, batch, add);
        };
        auto executor = Executor::create(std::move(part), options);
        if (!executor) return forward_error(executor);
        compiled->executor = std::move(*executor);
        compiled->work = compiled->executor->work();
        for (const Executor::Work& work : compiled->work) compiled->steps.push_back(numbers[work.step]);
    }
    return p.compiled.emplace_back(std::move(compiled)).get();
}

Result<std::shared_ptr<const OnednnLayer>> IncrementalEngine::layer(const Program& program,
                                                                    OperationId operation, size_t step,
                                                                    int batch, const FusedAdd* add) {
    std::vector<CompiledLayer>& known = m_layers[operation];
    for (const CompiledLayer& l : known)
        if (l.batch == batch && l.add.has_value() == (add != nullptr) && (!add || *l.add == *add))
            return l.layer;
    auto made = compile_layer(program, step, batch, add);
    if (!made) return made;
    known.push_back({batch, add ? std::optional(*add) : std::nullopt, *made});
    return made;
}

/// As measured, else from a rough idea of the machine.
double IncrementalEngine::unit_seconds(const Prepared& p, size_t step) const {
    if (const auto found = m_seconds.find(p.numbering.operations[step]); found != m_seconds.end())
        return found->second;
    constexpr double macs_per_second = 2e10, bytes_per_second = 4e9;
    const Operation& operation = p.program.steps[step].operation;
    double bytes = static_cast<double>(p.bytes_per_image(writes(operation)));
    for (const BufferId id : reads(operation)) bytes += static_cast<double>(p.bytes_per_image(id));
    double seconds = bytes / bytes_per_second;
    if (const auto* conv = std::get_if<ConvStep>(&operation))
        seconds += static_cast<double>(p.program.buffers[conv->out.position()].extent.elements() *
                                       (conv->in_channels / conv->attributes.group) *
                                       conv->attributes.kernel[0] * conv->attributes.kernel[1]) /
                   macs_per_second;
    return seconds;
}

IncrementalEngine::Recording IncrementalEngine::plan_recording(const Prepared& p, const Compiled& compiled,
                                                               int64_t begin, int64_t end, const Keep& keep) {
    Recording recording;
    recording.of_work.resize(compiled.work.size());
    if (keep.what == Keep::What::nothing || m_store.budget() == 0 || begin < keep.begin || end > keep.end)
        return recording;
    CutProblem problem;
    problem.values.resize(p.program.buffers.size());
    for (CutProblem::Value& value : problem.values) value.can_keep = false;
    const auto may_keep = [&](BufferId id) {
        const ContentId content = p.content(id);
        CutProblem::Value& value = problem.values[id.position()];
        value.bytes = p.bytes_per_image(id);
        value.can_keep =
            !p.program.buffers[id.position()].representation.dynamic && value.bytes > 0 &&
            (keep.what == Keep::What::everything || m_table.was_computed_before(content, p.generation));
    };
    const BufferId input = p.root(p.program.input);
    if (compiled.reads_input) {
        const auto read = m_read_seconds.find(p.order->key);
        problem.units.push_back({{}, input.position(), read == m_read_seconds.end() ? 1e-5 : read->second});
        may_keep(input);
    }
    for (size_t w = 0; w < compiled.work.size(); ++w) {
        CutProblem::Unit unit{
            {}, p.root(compiled.work[w].writes).position(), unit_seconds(p, compiled.steps[w])};
        for (const BufferId id : compiled.work[w].reads) unit.reads.push_back(p.root(id).position());
        may_keep(p.root(compiled.work[w].writes));
        problem.units.push_back(std::move(unit));
    }
    for (const BufferId id : compiled.loads) {
        problem.values[id.position()].bytes = p.bytes_per_image(id);
        problem.values[id.position()].is_kept = true;
    }
    for (const BufferId id : p.program.outputs) problem.outputs.push_back(p.root(id).position());

    std::map<size_t, KeptActivation*> kept;
    for (const Cut& cut : choose_cuts(problem))
        for (const size_t value : cut.values) {
            const ContentId content = p.content(BufferId{static_cast<int>(value)});
            // A new one begins where the stretch to keep begins.
            const KeptActivation* has = m_store.find(content);
            if (begin != keep.begin && (!has || has->ready != begin)) continue;
            KeptActivation* room = m_store.reserve(content, keep.begin, keep.end, problem.values[value].bytes,
                                                   cut.worth, p.generation);
            if (room && room->ready == begin && room->ready < room->end) kept[value] = room;
        }
    const auto find = [&](BufferId id) {
        const auto found = kept.find(p.root(id).position());
        return found == kept.end() ? nullptr : found->second;
    };
    if (compiled.reads_input) recording.input = find(input);
    for (size_t w = 0; w < compiled.work.size(); ++w) recording.of_work[w] = find(compiled.work[w].writes);
    return recording;
}

} // namespace widthwise::engine
