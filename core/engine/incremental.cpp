#include "core/engine/incremental.h"

#include "core/base/worker_pool.h"
#include "core/engine/incremental_program.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace widthwise::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point begin, Clock::time_point end) {
    return std::chrono::duration<double>(end - begin).count();
}

/// Positions [first, first + count) as far as there is room.
void record(const KeptActivation& kept, std::span<const std::byte> bytes, int64_t first, int64_t count) {
    const int64_t room = std::min(count, kept.end - first);
    if (room <= 0) return;
    const std::span<std::byte> target = kept.images(first, room);
    std::memcpy(target.data(), bytes.data(), target.size());
}

std::span<const float> as_floats(std::span<const std::byte> bytes) {
    return {static_cast<const float*>(static_cast<const void*>(bytes.data())), bytes.size() / sizeof(float)};
}

struct Worker {
    std::unique_ptr<Executor::Context> context;
    std::vector<float> scratch;
    std::vector<double> seconds; ///< by work item
    double read_seconds = 0;
    int64_t images = 0;
};

} // namespace

Result<void> IncrementalEngine::run(Prepared& prepared, int64_t begin, int64_t end, const Keep& keep,
                                    const WorkControl& control, const Consume& consume) {
    const std::vector<int64_t> at = boundaries(prepared, begin, end);
    for (size_t i = 0; i + 1 < at.size(); ++i) {
        auto compiled = compile(prepared, at[i], at[i + 1]);
        if (!compiled) return forward_error(compiled);
        if (auto done = run_stretch(prepared, **compiled, at[i], at[i + 1], keep, control, consume); !done)
            return done;
    }
    return {};
}

Result<void> IncrementalEngine::run_stretch(Prepared& p, const Compiled& compiled, int64_t begin, int64_t end,
                                            const Keep& keep, const WorkControl& control,
                                            const Consume& consume) {
    for (const BufferId id : compiled.loads) m_store.touch(p.content(id), p.generation);
    const Recording recording = plan_recording(p, compiled, begin, end, keep);
    std::vector<std::pair<BufferId, const KeptActivation*>> loads;
    for (const BufferId id : compiled.loads) loads.emplace_back(id, m_store.find(p.content(id)));

    const int threads = control.threads > 0 ? control.threads : default_thread_count();
    std::vector<Worker> workers(static_cast<size_t>(threads));
    const int64_t batches = (end - begin + p.batch - 1) / p.batch;
    std::vector<uint8_t> done(static_cast<size_t>(batches));
    const auto output_of_kept = [&](BufferId output, int64_t first, int64_t count) {
        return as_floats(m_store.find(p.content(output))->images(first, count));
    };
    const auto run_batch = [&](int64_t item, int index) -> Result<void> {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "cancelled");
        const int64_t first = begin + item * p.batch, count = std::min<int64_t>(p.batch, end - first);
        OutputBatch outputs{first, count, index, {}};
        if (!compiled.executor) {
            for (const BufferId id : p.program.outputs)
                outputs.outputs.push_back(output_of_kept(id, first, count));
            return consume(outputs);
        }
        Worker& worker = workers[static_cast<size_t>(index)];
        if (!worker.context) {
            use_one_openmp_thread();
            worker.context = std::make_unique<Executor::Context>(compiled.executor);
            worker.seconds.resize(compiled.work.size());
        }
        Executor::Context& context = *worker.context;
        auto time = Clock::now();
        if (compiled.reads_input) {
            const std::span<float> input = context.input();
            const size_t each = p.reader->elements();
            for (int64_t i = 0; i < count; ++i) {
                const int64_t image = p.order->images[static_cast<size_t>(first + i)];
                auto read =
                    p.reader->read(image, input.subspan(static_cast<size_t>(i) * each, each), worker.scratch);
                if (!read) return read;
            }
            if (recording.input) record(*recording.input, std::as_bytes(input), first, count);
            const auto now = Clock::now();
            worker.read_seconds += seconds_between(time, now);
            time = now;
        }
        for (const auto& [id, kept] : loads) {
            const std::span<const std::byte> from = kept->images(first, count);
            std::memcpy(context.bytes(id).data(), from.data(), from.size());
        }
        size_t work = 0;
        time = Clock::now();
        context.run([&](BufferId written) {
            const auto now = Clock::now();
            worker.seconds[work] += seconds_between(time, now);
            if (const KeptActivation* kept = recording.of_work[work])
                record(*kept, context.bytes(p.root(written)), first, count);
            time = recording.of_work[work] ? Clock::now() : now;
            ++work;
        });
        worker.images += count;
        for (const BufferId id : p.program.outputs) {
            const std::span<const float> all = context.f32(id);
            outputs.outputs.push_back(
                all.first(all.size() / static_cast<size_t>(p.batch) * static_cast<size_t>(count)));
        }
        auto consumed = consume(outputs);
        if (consumed) done[static_cast<size_t>(item)] = 1;
        return consumed;
    };
    const Result<void> result = parallel_for(batches, threads, run_batch);

    const auto gap = std::find(done.begin(), done.end(), 0) - done.begin();
    const int64_t ready = std::min<int64_t>(end, begin + gap * p.batch);
    for (KeptActivation* kept : recording.all()) kept->ready = std::min(ready, kept->end);

    int64_t images = 0;
    double read_seconds = 0;
    std::vector<double> seconds(compiled.work.size());
    for (const Worker& worker : workers) {
        images += worker.images;
        read_seconds += worker.read_seconds;
        for (size_t w = 0; w < worker.seconds.size(); ++w) seconds[w] += worker.seconds[w];
    }
    if (images == 0) return result;
    const auto each = static_cast<double>(images);
    if (compiled.reads_input) {
        m_read_seconds[p.order->key] = read_seconds / each;
        m_table.set_computed(p.content(p.program.input), p.generation);
    }
    for (size_t w = 0; w < seconds.size(); ++w) {
        m_seconds[p.numbering.operations[compiled.steps[w]]] = seconds[w] / each;
        m_table.set_computed(p.content(compiled.work[w].writes), p.generation);
    }
    m_steps_executed += images * std::count(compiled.needed.begin(), compiled.needed.end(), true);
    return result;
}

void IncrementalEngine::drop_kept(const Prepared& prepared) {
    for (const ContentId content : prepared.numbering.contents) m_store.drop(content);
}

} // namespace widthwise::engine
