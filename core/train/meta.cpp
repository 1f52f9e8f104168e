#include "core/train/meta.h"

#include "core/base/rng.h"
#include "core/train/parameters.h"
#include "core/train/trainability.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace widthwise::train {
namespace {

using Clock = std::chrono::steady_clock;

/// BatchNormalization's running statistics follow those of the tasks by this much, as within a task.
constexpr double k_statistics_rate = 0.1;

/// Logarithm of 2: what a scale moves at most in one outer step, for gradients know no bounds.
constexpr double k_scale_step = 0.6931;

Result<void> check(const MetaOptions& o) {
    const auto refuse = [](std::string what) {
        return fail(ErrorCode::usage, std::move(what), "meta-training");
    };
    if (o.tasks < 1 || o.inner_steps < 1 || o.tasks_each < 1)
        return refuse("tasks, steps of a task and tasks in a step must be at least 1");
    if (o.tasks > INT64_MAX / o.tasks_each) return refuse("there are too many tasks");
    if (!(o.outer_rate > 0) || !std::isfinite(o.outer_rate)) return refuse("the outer rate must be positive");
    if (o.algorithm == MetaAlgorithm::reptile && o.outer_rate > 1)
        return refuse("Reptile's outer rate is a share of the way, at most 1");
    return {};
}

/// Where the tasks of one outer step want the meta-initialization to go, summed over them.
struct Direction {
    std::vector<double> trained, running;
    /// Of the logarithms of the scales that the tasks used: sums, and how many tasks they are of.
    struct Scales {
        std::vector<double> sum;
        int tasks = 0;
    };
    using Formats = std::map<std::pair<std::string, int>, Scales>;
    Formats weights, activations;
    double loss = 0; ///< of all inner steps

    Direction(int64_t trained_size, int64_t running_size)
        : trained(static_cast<size_t>(trained_size)), running(static_cast<size_t>(running_size)) {}
};

void add_difference(std::span<const float> to, std::span<const float> from, double factor,
                    std::vector<double>& sum) {
    for (size_t i = 0; i < sum.size(); ++i)
        sum[i] += factor * (static_cast<double>(to[i]) - static_cast<double>(from[i]));
}

/// Of a layer that reads several inputs, formats with one scale stand for one each.
float scale_of(const NumberFormat& format, size_t i) {
    return format.scale[format.scale.size() == 1 ? 0 : i];
}

void add_scales(const std::string& layer, const NumberFormat& to, const NumberFormat& from, double factor,
                Direction::Formats& formats) {
    if (from.scale.empty()) return;
    Direction::Scales& scales = formats[{layer, from.bits}];
    scales.sum.resize(std::max({scales.sum.size(), to.scale.size(), from.scale.size()}));
    ++scales.tasks;
    for (size_t i = 0; i < scales.sum.size(); ++i)
        scales.sum[i] += factor * std::log(static_cast<double>(scale_of(to, i)) / scale_of(from, i));
}

void add_scales(const PrecisionPlan& to, const PrecisionPlan& from, double factor, Direction& direction) {
    for (const auto& [layer, precision] : from.layers()) {
        add_scales(layer, to.at(layer).weights, precision.weights, factor, direction.weights);
        add_scales(layer, to.at(layer).activations, precision.activations, factor, direction.activations);
    }
}

void move_scales(const Direction::Formats& directions, double rate,
                 std::map<std::string, std::map<int, NumberFormat>>& table) {
    for (const auto& [key, scales] : directions) {
        const auto layer = table.find(key.first);
        if (layer == table.end() || !layer->second.contains(key.second)) continue;
        NumberFormat& format = layer->second.at(key.second);
        if (format.scale.size() == 1) {
            format.scale.resize(scales.sum.size(), format.scale.front());
            if (!format.zero_point.empty())
                format.zero_point.resize(scales.sum.size(), format.zero_point.front());
            if (!format.threshold.empty())
                format.threshold.resize(scales.sum.size(), format.threshold.front());
        }
        for (size_t i = 0; i < format.scale.size(); ++i) {
            const double step = rate * scales.sum[i] / scales.tasks;
            format.scale[i] =
                static_cast<float>(format.scale[i] * std::exp(std::clamp(step, -k_scale_step, k_scale_step)));
        }
    }
}

/// The network as train() gives it back: one layout is good for it and for all that come of it, whatever the
/// order in which the start's constants were made.
Result<GraphPtr> in_order_of_use(const Graph& graph) {
    Result<TrainingScope> scope = training_scope(graph); // a constant of another type is refused, not changed
    if (!scope) return forward_error(scope);
    const ParameterLayout layout(graph);
    return layout.rebuild(graph, layout.read_trained(graph), layout.read_statistics(graph));
}

/// Meta-training as it goes on.
class MetaRun {
public:
    /// `graph` is in_order_of_use().
    MetaRun(GraphPtr graph, ScaleTable scales, const Dataset& training, const MetaOptions& options,
            const WorkControl& control)
        : m_training(training)
        , m_options(options)
        , m_layout(*graph)
        , m_graph(std::move(graph))
        , m_trained(m_layout.read_trained(*m_graph))
        , m_running(m_layout.read_statistics(*m_graph))
        , m_scales(std::move(scales)) {
        m_inner.cancel = control.cancel;
        m_inner.threads = control.threads;
    }

    /// One outer step; the mean loss of its inner steps.
    Result<double> step(int64_t outer, double rate) {
        Direction direction(m_layout.trained_size(), m_layout.statistics_size());
        for (int64_t task = 0; task < m_options.tasks_each; ++task)
            if (Result<void> done = run_task(outer * m_options.tasks_each + task, direction); !done)
                return forward_error(done);
        const auto tasks = static_cast<double>(m_options.tasks_each);
        const auto move = [](std::vector<float>& numbers, const std::vector<double>& by, double factor) {
            for (size_t i = 0; i < numbers.size(); ++i)
                numbers[i] = static_cast<float>(numbers[i] + factor * by[i]);
        };
        move(m_trained, direction.trained, rate / tasks);
        move(m_running, direction.running, k_statistics_rate / tasks);
        move_scales(direction.weights, rate, m_scales.weights);
        move_scales(direction.activations, rate, m_scales.activations);
        Result<GraphPtr> moved = m_layout.rebuild(*m_graph, m_trained, m_running);
        if (!moved) return forward_error(moved);
        m_graph = std::move(*moved);
        return direction.loss / (tasks * static_cast<double>(m_options.inner_steps));
    }

    [[nodiscard]] MetaOutcome outcome(std::vector<double> losses) && {
        return {std::move(m_graph), std::move(m_scales), std::move(losses)};
    }

private:
    [[nodiscard]] Options inner_options(int64_t task, PrecisionPlan plan) const {
        Options options = m_options.inner;
        const QatOptions learning = options.qat.value_or(QatOptions{});
        options.qat = QatOptions{std::move(plan), learning.weights, learning.activations};
        options.steps = m_options.inner_steps;
        options.validation_split = 0;
        options.patience = 0;
        options.keep_best = false;
        options.reestimate_images = 0;
        options.checkpoint = {};
        options.seed = task_seed(m_options.inner.seed, static_cast<uint64_t>(task));
        return options;
    }

    Result<void> run_task(int64_t task, Direction& direction) {
        const PrecisionPlan open =
            draw_plan(m_options.family, *m_graph, m_options.inner.seed, static_cast<uint64_t>(task));
        const PrecisionPlan start = m_scales.resolve(open);
        const Options options = inner_options(task, start);
        Observer listen;
        listen.on_step = [&](const StepReport& report) { direction.loss += report.loss; };
        Result<Outcome> there = train(m_graph, m_training, nullptr, options, m_inner, listen);
        if (!there) return forward_error(there);
        const std::vector<float> trained = m_layout.read_trained(*there->graph);
        add_difference(m_layout.read_statistics(*there->graph), m_running, 1, direction.running);
        if (m_options.algorithm == MetaAlgorithm::reptile) {
            add_difference(trained, m_trained, 1, direction.trained);
            add_scales(there->plan, start, 1, direction);
            return {};
        }
        // The gradient where the task has led to: what one plain step does, over its rate.
        Options once = options;
        once.qat->plan = there->plan;
        once.steps = 1;
        once.optimizer = OptimizerType::sgd;
        once.schedule = Schedule::constant;
        once.momentum = 0;
        once.nesterov = false;
        once.weight_decay = 0;
        once.seed = ~options.seed;
        Result<Outcome> beyond = train(there->graph, m_training, nullptr, once, m_inner);
        if (!beyond) return forward_error(beyond);
        const double factor = 1 / once.learning_rate;
        add_difference(m_layout.read_trained(*beyond->graph), trained, factor, direction.trained);
        add_scales(beyond->plan, there->plan, factor, direction);
        return {};
    }

    const Dataset& m_training;
    const MetaOptions& m_options;
    ParameterLayout m_layout;
    GraphPtr m_graph;
    std::vector<float> m_trained, m_running;
    ScaleTable m_scales;
    WorkControl m_inner;
};

} // namespace

uint64_t task_seed(uint64_t seed, uint64_t task) {
    return Rng::stream(~seed, task).next(); // streams of their own, far from those of the plans
}

Result<MetaOutcome> meta_train(GraphPtr graph, const ScaleTable& start_scales, const Dataset& training,
                               const MetaOptions& options, const WorkControl& control,
                               const Observer& observer) {
    if (Result<void> ok = check(options); !ok) return forward_error(ok);
    if (Result<void> ok = validate(options.family, *graph); !ok) return forward_error(ok);
    Result<GraphPtr> ordered = in_order_of_use(*graph);
    if (!ordered) return forward_error(ordered);
    MetaRun run(std::move(*ordered), start_scales, training, options, control);
    std::vector<double> losses;
    const Clock::time_point begin = Clock::now();
    for (int64_t outer = 0; outer < options.tasks; ++outer) {
        if (control.cancel.cancelled()) return fail(ErrorCode::cancelled, "meta-training was cancelled");
        const double rate = options.outer_rate * static_cast<double>(options.tasks - outer) /
                            static_cast<double>(options.tasks);
        Result<double> loss = run.step(outer, rate);
        if (!loss) return forward_error(loss);
        losses.push_back(*loss);
        control.report("meta-training", outer + 1, options.tasks);
        if (!observer.on_step) continue;
        const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        const double images = static_cast<double>((outer + 1) * options.tasks_each * options.inner_steps) *
                              static_cast<double>(options.inner.batch_size);
        StepReport report;
        report.step = outer + 1;
        report.steps = report.steps_per_epoch = options.tasks;
        report.loss = *loss;
        report.learning_rate = rate;
        report.images_per_second = seconds > 0 ? images / seconds : 0;
        observer.on_step(report);
    }
    return std::move(run).outcome(std::move(losses));
}

} // namespace widthwise::train
