#include "core/flow/evaluator_state.h"
#include "core/flow/sequential_test.h"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace widthwise::flow {
namespace {

using Clock = std::chrono::steady_clock;
using Engine = engine::IncrementalEngine;
using Rows = std::vector<std::span<const float>>; ///< one image's outputs

Rows rows_of(const engine::OutputBatch& batch, int64_t image, const std::vector<int64_t>& elements) {
    Rows rows;
    for (size_t o = 0; o < elements.size(); ++o)
        rows.push_back(batch.outputs[o].subspan(static_cast<size_t>(image * elements[o]),
                                                static_cast<size_t>(elements[o])));
    return rows;
}

class Measurement {
public:
    Measurement(Engine& engine, Reference& reference, Engine::Prepared* quantized,
                const EvaluationRequest& request, const WorkControl& control, const OnProgress& on_progress)
        : m_engine(engine)
        , m_reference(reference)
        , m_quantized(quantized)
        , m_request(request)
        , m_control(control)
        , m_on_progress(on_progress)
        , m_total(reference.order.size()) {
        const auto n = static_cast<size_t>(m_total);
        engine::Predictions& p = m_measured.predictions;
        p.classes = reference.elements.front();
        p.top1.assign(n, -1);
        p.in_top5.assign(n, 0);
        if (request.keep_logits) p.logits.resize(n * static_cast<size_t>(p.classes));
        // Classes and labels make the agreement of outputs a by-product, not worth a second float run.
        if (reference.keeps_outputs() || !reference.has_classes) m_agreement.emplace(m_total);
    }

    Result<Measured> run() {
        std::optional<SequentialTest> test;
        if (m_request.decide_within) {
            if (!m_reference.has_classes)
                return fail(ErrorCode::usage, "an accuracy to decide on needs labels and classes",
                            m_reference.data->name(), "run all images");
            test.emplace(m_total, *m_request.decide_within);
        }
        for (const int64_t end : ends(test)) {
            if (auto ok = stretch(m_measured.run, end); !ok) return forward_error(ok);
            m_measured.run = end;
            if (!test || std::ranges::find(test->looks(), end) == test->looks().end()) continue;
            m_measured.within = test->decide(m_measured.counts, end == m_total);
            if (m_measured.within) break;
        }
        tell(true);
        if (m_agreement) m_measured.agreement = m_agreement->result();
        return std::move(m_measured);
    }

private:
    bool needs_float_outputs() const { return m_agreement.has_value() || !m_quantized; }

    /// Where stretches end: at looks; else growing, so that first results come early; never so long that the
    /// float outputs of one take more than their share of memory.
    std::vector<int64_t> ends(const std::optional<SequentialTest>& test) const {
        std::vector<int64_t> wanted;
        if (test)
            wanted = test->looks();
        else if (m_reference.done < m_total)
            for (int64_t n = 256; n < m_total; n *= 2) wanted.push_back(n);
        if (wanted.empty() || wanted.back() != m_total) wanted.push_back(m_total);
        if (m_reference.keeps_outputs() || !needs_float_outputs()) return wanted;
        const int64_t most =
            std::max<int64_t>(16, Reference::k_max_output_bytes /
                                      std::max<int64_t>(m_reference.bytes_per_image(), 1) / 16 * 16);
        std::vector<int64_t> all;
        int64_t at = 0;
        for (const int64_t end : wanted)
            while (at < end) all.push_back(at = std::min(end, at + most));
        return all;
    }

    Result<void> stretch(int64_t begin, int64_t end) {
        if (auto ok = run_float(begin, end); !ok) return ok;
        if (!m_quantized) {
            for (int64_t position = begin; position < end; ++position) {
                const Rows rows = float_rows(position);
                take(position, rows, m_measured.counts);
            }
            return {};
        }
        const auto consume = [&](const engine::OutputBatch& batch) -> Result<void> {
            engine::PairedCounts counts;
            for (int64_t i = 0; i < batch.count; ++i)
                take(batch.first + i, rows_of(batch, i, m_reference.elements), counts);
            const std::scoped_lock lock(m_mutex);
            m_measured.counts += counts;
            m_done += batch.count;
            tell(false);
            return {};
        };
        return m_engine.run(*m_quantized, begin, end, {engine::Keep::What::repeated, 0, m_total}, m_control,
                            consume);
    }

    /// The float network as far as `end`; its outputs for [begin, end) are at hand afterwards.
    Result<void> run_float(int64_t begin, int64_t end) {
        Reference& r = m_reference;
        const bool fleeting = !r.keeps_outputs() && needs_float_outputs();
        const int64_t from = fleeting ? begin : std::max(begin, r.done);
        if (from >= end) return {};
        const auto started = Clock::now();
        m_stretch_begin = begin;
        if (fleeting) {
            m_stretch_outputs.resize(r.elements.size());
            for (size_t o = 0; o < r.elements.size(); ++o)
                m_stretch_outputs[o].resize(static_cast<size_t>((end - begin) * r.elements[o]));
        }
        if (!r.program) {
            auto program = m_engine.prepare(*m_request.model.graph, PrecisionPlan(), r.order);
            if (!program) return forward_error(program);
            r.program = std::move(*program);
        }
        const auto consume = [&](const engine::OutputBatch& batch) -> Result<void> {
            for (int64_t i = 0; i < batch.count; ++i) {
                const int64_t position = batch.first + i;
                const Rows rows = rows_of(batch, i, r.elements);
                r.top1[static_cast<size_t>(position)] = engine::best_class(rows.front());
                for (size_t o = 0; o < rows.size(); ++o)
                    if (fleeting || r.keeps_outputs()) std::ranges::copy(rows[o], float_at(position, o));
            }
            if (!m_quantized) {
                const std::scoped_lock lock(m_mutex);
                m_done += batch.count;
                tell(false);
            }
            return {};
        };
        if (auto ok = m_engine.run(*r.program, from, end, {}, m_control, consume); !ok) return ok;
        if (end > r.done) r.seconds += std::chrono::duration<double>(Clock::now() - started).count();
        r.done = std::max(r.done, end);
        if (r.done == m_total && !fleeting) r.program.reset();
        return {};
    }

    float* float_at(int64_t position, size_t output) {
        const bool kept = m_reference.keeps_outputs();
        std::vector<float>& all = kept ? m_reference.outputs[output] : m_stretch_outputs[output];
        return all.data() + (kept ? position : position - m_stretch_begin) * m_reference.elements[output];
    }
    Rows float_rows(int64_t position) {
        Rows rows;
        if (m_reference.keeps_outputs() || needs_float_outputs())
            for (size_t o = 0; o < m_reference.elements.size(); ++o)
                rows.emplace_back(float_at(position, o), static_cast<size_t>(m_reference.elements[o]));
        return rows;
    }

    /// One image's outputs: what is kept of them, and how they compare.
    void take(int64_t position, const Rows& rows, engine::PairedCounts& counts) {
        const auto image = static_cast<size_t>(m_reference.order.images[static_cast<size_t>(position)]);
        engine::Predictions& p = m_measured.predictions;
        const int32_t reference = m_reference.top1[static_cast<size_t>(position)];
        p.top1[image] = m_quantized ? engine::best_class(rows.front()) : reference;
        if (m_reference.has_classes) {
            const int64_t label = m_reference.data->label(static_cast<int64_t>(image));
            const bool known = !rows.empty() && label >= 0 && label < p.classes;
            p.in_top5[image] = known && engine::rank_of(rows.front(), label) < 5;
            counts.add(label, p.top1[image], reference, p.in_top5[image] != 0);
        }
        if (!p.logits.empty())
            std::ranges::copy(rows.front(), p.logits.begin() + static_cast<int64_t>(image) * p.classes);
        if (m_agreement) m_agreement->add(position, float_rows(position), rows);
    }

    /// At most some twenty times a second; callers hold the lock, or are alone.
    void tell(bool last) {
        const auto now = Clock::now();
        if (!last && now - m_told < std::chrono::milliseconds(50)) return;
        m_told = now;
        const int64_t done = last ? m_measured.run : m_done;
        m_control.report("evaluating", done, m_total);
        if (m_on_progress)
            m_on_progress({done, m_total, m_measured.counts.accuracy(m_measured.predictions.classes),
                           m_measured.within});
    }

    Engine& m_engine;
    Reference& m_reference;
    Engine::Prepared* m_quantized;
    const EvaluationRequest& m_request;
    const WorkControl& m_control;
    const OnProgress& m_on_progress;
    int64_t m_total;
    Measured m_measured;
    std::optional<engine::AgreementCollector> m_agreement;
    std::vector<std::vector<float>>
        m_stretch_outputs; ///< float outputs of one stretch, where not all are kept
    int64_t m_stretch_begin = 0;
    std::mutex m_mutex;
    int64_t m_done = 0;
    Clock::time_point m_told = Clock::now();
};

} // namespace

Result<Measured> measure(Engine& engine, Reference& reference, Engine::Prepared* quantized,
                         const EvaluationRequest& request, const WorkControl& control,
                         const OnProgress& on_progress) {
    return Measurement(engine, reference, quantized, request, control, on_progress).run();
}

} // namespace widthwise::flow
