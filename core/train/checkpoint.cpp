#include "core/train/checkpoint.h"

#include "core/base/hash.h"
#include "core/base/input_file.h"
#include "core/base/output_file.h"
#include "core/base/text.h"
#include "core/train/byte_stream.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace widthwise::train {
namespace {

constexpr std::string_view k_magic = "WWTRAIN\n";
constexpr uint32_t k_version = 3; // 1: its network_hash() left out most attributes; 2: no averages
constexpr size_t k_hash_digits = 64;
constexpr size_t k_head = 8 + 4 + 8;                 // magic, version, size
constexpr int64_t k_slack_bytes = int64_t{64} << 20; // for options and epochs
constexpr size_t k_epoch_bytes = 5 * sizeof(double);
constexpr size_t k_option_bytes = 2 * sizeof(uint64_t); // two empty texts

void put(ByteWriter& to, const RunIdentity& identity) {
    to.put(identity.network);
    to.put(identity.data);
    to.put(static_cast<uint64_t>(identity.options.size()));
    for (const auto& [key, value] : identity.options) {
        to.put(key);
        to.put(value);
    }
}

RunIdentity identity_from(ByteReader& from) {
    RunIdentity identity{from.text(), from.text(), {}};
    const size_t options = from.count(k_option_bytes);
    for (size_t i = 0; i < options && from.ok(); ++i) {
        std::string key = from.text();
        identity.options.emplace_back(std::move(key), from.text());
    }
    return identity;
}

/// In the file's order.
template <typename State> auto arrays_of(State& state) {
    return std::array{&state.trained,          &state.running,        &state.optimizer.first,
                      &state.optimizer.second, &state.best_trained,   &state.best_running,
                      &state.average_trained,  &state.average_running};
}

void put(ByteWriter& to, const TrainingState& state) {
    const RunProgress& progress = state.progress;
    to.put(progress.step);
    to.put(progress.epoch_sum.loss);
    to.put(progress.epoch_sum.correct);
    to.put(progress.epoch_seconds);
    to.put(progress.learning_rate);
    to.put(int64_t{progress.best_epoch});
    to.put(static_cast<uint64_t>(progress.epochs.size()));
    for (const Epoch& epoch : progress.epochs)
        for (const double value :
             {epoch.loss, epoch.train_top1, epoch.validation_top1, epoch.learning_rate, epoch.seconds})
            to.put(value);
    to.put(state.optimizer.steps);
    for (const auto* values : arrays_of(state)) to.put(*values);
}

TrainingState state_from(ByteReader& from) {
    TrainingState state;
    RunProgress& progress = state.progress;
    progress.step = from.number<int64_t>();
    progress.epoch_sum.loss = from.number<double>();
    progress.epoch_sum.correct = from.number<int64_t>();
    progress.epoch_seconds = from.number<double>();
    progress.learning_rate = from.number<double>();
    const auto best = from.number<int64_t>();
    const size_t epochs = from.count(k_epoch_bytes);
    for (size_t i = 0; i < epochs; ++i) {
        Epoch epoch;
        for (double* value :
             {&epoch.loss, &epoch.train_top1, &epoch.validation_top1, &epoch.learning_rate, &epoch.seconds})
            *value = from.number<double>();
        progress.epochs.push_back(epoch);
    }
    // Out of range: no epoch at all, which fits() refuses.
    progress.best_epoch = best >= -1 && best < std::ssize(progress.epochs) ? static_cast<int>(best) : -2;
    state.optimizer.steps = from.number<int64_t>();
    for (auto* values : arrays_of(state)) *values = from.floats();
    return state;
}

/// No run goes on from infinity or NaN, or from a mean of squares below zero.
bool are_possible(const TrainingState& state) {
    const auto finite = [](float v) { return std::isfinite(v); };
    for (const auto* numbers : arrays_of(state))
        if (!std::ranges::all_of(*numbers, finite)) return false;
    return std::ranges::all_of(state.optimizer.second, [](float v) { return v >= 0; });
}

bool fits(const TrainingState& state, const RunShape& run) {
    const RunProgress& progress = state.progress;
    const bool kept = run.keeps_best && progress.best_epoch >= 0;
    const int64_t epoch_start = std::ssize(progress.epochs) * run.steps_per_epoch;
    const bool averaged = run.averages && progress.step > 0;
    return state.trained.size() == run.trained && state.running.size() == run.running &&
           state.optimizer.first.size() == run.trained &&
           state.optimizer.second.size() == (run.second_moment ? run.trained : 0) &&
           state.best_trained.size() == (kept ? run.trained : 0) &&
           state.best_running.size() == (kept ? run.running : 0) &&
           state.average_trained.size() == (averaged ? run.trained : 0) &&
           state.average_running.size() == (averaged ? run.running : 0) &&
           state.optimizer.steps == progress.step && progress.step <= run.steps &&
           progress.step <= epoch_start + run.steps_per_epoch &&
           progress.step >= std::min(epoch_start, run.steps) && progress.best_epoch >= -1 &&
           are_possible(state);
}

/// Empty where nothing differs.
std::string difference(const RunIdentity& saved, const RunIdentity& present) {
    if (saved.network != present.network) return "the checkpoint is of another network";
    if (saved.data != present.data) return "the checkpoint was made with other images";
    for (const auto& [key, value] : present.options) {
        const auto found = std::ranges::find(saved.options, key, &std::pair<std::string, std::string>::first);
        if (found == saved.options.end()) return "the checkpoint does not say " + in_quotes(key);
        if (found->second == value) continue;
        if (key == "qat") return "the checkpoint was made with another design";
        return "the checkpoint was made with " + key + " " + found->second + ", not " + value;
    }
    if (saved.options.size() != present.options.size())
        return "the checkpoint was made with options that are unknown here";
    return {};
}

} // namespace

Result<void> write_checkpoint(const std::filesystem::path& file, const RunIdentity& identity,
                              const TrainingState& state) {
    ByteWriter content;
    put(content, identity);
    put(content, state);
    ByteWriter head;
    head.put(k_version);
    head.put(static_cast<uint64_t>(content.bytes().size()));
    std::string bytes(k_magic);
    bytes.reserve(k_head + content.bytes().size() + k_hash_digits);
    bytes += head.bytes();
    bytes += content.bytes();
    bytes += sha256(bytes);
    return write_output(file, bytes);
}

Result<TrainingState> read_checkpoint(const std::filesystem::path& file, const RunIdentity& identity,
                                      const RunShape& run) {
    const auto refuse = [&](std::string what, std::string remedy) {
        return fail(ErrorCode::invalid_input, std::move(what), file.string(), std::move(remedy));
    };
    const std::string start_anew = "remove it to start anew";
    const auto arrays = static_cast<int64_t>((5 * run.trained + 3 * run.running) * sizeof(float));
    Result<std::string> bytes = read_input(file, arrays + k_slack_bytes);
    if (!bytes) return forward_error(bytes);
    const std::string_view all = *bytes;
    if (!all.starts_with(k_magic))
        return refuse("this is no checkpoint of a training run", "name another file");
    ByteReader head(all.substr(k_magic.size()));
    const auto version = head.number<uint32_t>();
    if (version > k_version)
        return refuse("the checkpoint was written by a newer version of this program", "use that version");
    const auto size = head.number<uint64_t>();
    if (head.ok() && version > 0 && version < k_version)
        return refuse("the checkpoint was written by an older version of this program", start_anew);
    if (!head.ok() || version == 0 || all.size() < k_head + k_hash_digits ||
        size != all.size() - k_head - k_hash_digits)
        return refuse("the checkpoint is damaged: its length is wrong", start_anew);
    const std::string_view hashed = all.substr(0, all.size() - k_hash_digits);
    if (sha256(hashed) != all.substr(hashed.size()))
        return refuse("the checkpoint is damaged: its content is not what was written", start_anew);

    ByteReader content(hashed.substr(k_head));
    const RunIdentity saved = identity_from(content);
    if (content.ok())
        if (std::string what = difference(saved, identity); !what.empty())
            return refuse(std::move(what),
                          "resume with the same network, data and options, or " + start_anew);
    TrainingState state = state_from(content);
    if (!content.ok() || !content.at_end() || !fits(state, run))
        return refuse("the checkpoint is damaged: its content does not fit together", start_anew);
    return state;
}

} // namespace widthwise::train
