#include "core/engine/diagnostics.h"
#include "core/flow/evaluator_state.h"
#include "core/graph/layer_work.h"
#include "core/onnx/export.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <unistd.h>
#include <utility>

namespace widthwise::flow {
namespace {

Provenance provenance_of(const EvaluationRequest& request, CalibrationInfo calibration) {
    Provenance provenance;
    provenance.model = request.model.source;
    provenance.model_hash = request.model.hash;
    provenance.data = request.data->name();
    provenance.data_hash = request.data->hash();
    provenance.preprocessing = request.data->preprocessing();
    provenance.calibration = std::move(calibration);
    provenance.seed = request.seed;
    provenance.program_version = program_version();
    provenance.cpu_isa = engine::cpu_isa();
    provenance.created_utc = now_utc();
    return provenance;
}

/// Equalization and bias absorption move scales and biases between layers, which leaves what the float
/// network computes: layers are compared with the float network where they are moved too.
Result<GraphPtr> float_reference(const EvaluationRequest& request, const WorkControl& control) {
    std::vector<Pass> moving;
    for (const Pass pass : request.plan.passes())
        if (pass == Pass::equalize || pass == Pass::absorb_bias) moving.push_back(pass);
    if (moving.empty()) return request.model.graph;
    PrecisionPlan plan;
    plan.set_passes(std::move(moving));
    auto prepared = passes::prepare(request.model.graph, plan, {}, control);
    if (!prepared) return forward_error(prepared);
    return prepared->graph;
}

} // namespace

std::string now_utc() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[sizeof "2000-01-01T00:00:00Z"] = {};
    const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text, length};
}

int64_t default_memory_budget() {
    const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
    constexpr int64_t most = int64_t{2} << 30;
    return pages > 0 && page > 0 ? std::min(most, int64_t{pages} * page / 4) : most / 8;
}

Evaluator::Evaluator() : m_impl(std::make_unique<Impl>()) {
    set_memory_budget(default_memory_budget());
}
Evaluator::~Evaluator() = default;

void Evaluator::set_memory_budget(int64_t bytes) {
    m_impl->engine.set_memory_budget(bytes);
}

int64_t Evaluator::memory_used() const {
    return m_impl->engine.memory_used();
}

Result<std::shared_ptr<const engine::Statistics>> Evaluator::statistics(const EvaluationRequest& request,
                                                                        const WorkControl& control) {
    if (auto fit = check_fit(*request.model.graph, *request.data); !fit) return forward_error(fit);
    return m_impl->calibrate(request, {}, control);
}

Result<EvaluationOutcome> Evaluator::evaluate(const EvaluationRequest& request, const WorkControl& control,
                                              const OnProgress& on_progress) {
    if (auto ok = Impl::check(request); !ok) return forward_error(ok);
    auto data = limited_data(request);
    if (!data) return forward_error(data);
    auto reference = m_impl->reference(request, *data);
    if (!reference) return forward_error(reference);
    auto prepared = m_impl->prepare(request, control);
    if (!prepared) return forward_error(prepared);

    const auto begin = std::chrono::steady_clock::now();
    const double float_seconds = (*reference)->seconds;
    engine::IncrementalEngine::PreparedPtr program; // a float design is its own reference: one run
    if (!request.plan.is_float()) {
        auto lowered = m_impl->engine.prepare(*prepared->graph, prepared->plan, (*reference)->order);
        if (!lowered) return forward_error(lowered);
        program = std::move(*lowered);
    }
    auto measured = measure(m_impl->engine, **reference, program.get(), request, control, on_progress);
    if (!measured) return forward_error(measured);
    const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

    EvaluationOutcome outcome;
    Evaluation& evaluation = outcome.evaluation;
    evaluation.accuracy = measured->counts.accuracy((*reference)->elements.front());
    evaluation.agreement = measured->agreement;
    evaluation.passes = prepared->reports;
    evaluation.plan = request.plan;
    m_impl->memo.use(prepared->graph, prepared->statistics, prepared->plan.folds_batch_norm());
    auto layers = m_impl->memo.diagnose(prepared->plan);
    if (!layers) return forward_error(layers);
    evaluation.layers = std::move(*layers);
    evaluation.provenance = provenance_of(request, Impl::calibration_info(request, *prepared));
    evaluation.seconds = program ? all - ((*reference)->seconds - float_seconds) : (*reference)->seconds;
    if (evaluation.seconds > 0)
        evaluation.images_per_second = static_cast<double>(measured->run) / evaluation.seconds;
    outcome.predictions = std::move(measured->predictions);
    outcome.predictions.seconds = evaluation.seconds;
    outcome.within = measured->within;
    outcome.graph = prepared->graph;
    evaluation.resolved = std::move(prepared->plan);
    return outcome;
}

Result<std::vector<LayerReport>> Evaluator::layer_reports(const EvaluationRequest& request, int64_t samples,
                                                          const WorkControl& control) {
    if (auto ok = Impl::check(request); !ok) return forward_error(ok);
    auto prepared = m_impl->prepare(request, control);
    if (!prepared) return forward_error(prepared);
    auto reference = float_reference(request, control);
    if (!reference) return forward_error(reference);
    return engine::layer_reports(prepared->graph, *reference, prepared->plan, *request.data, samples,
                                 control);
}

Result<std::string> Evaluator::export_network(const EvaluationRequest& request, ExportForm form,
                                              const WorkControl& control) {
    auto prepared = m_impl->prepare(request, control);
    if (!prepared) return forward_error(prepared);
    switch (form) {
    case ExportForm::qdq:
        return onnx::export_quantized(*prepared->graph, prepared->plan, onnx::QuantizedForm::qdq);
    case ExportForm::qonnx:
        return onnx::export_quantized(*prepared->graph, prepared->plan, onnx::QuantizedForm::qonnx);
    case ExportForm::real:
        break;
    }
    return onnx::export_model(*prepared->graph);
}

} // namespace widthwise::flow
