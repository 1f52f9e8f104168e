// A search's conclusions as rows of the project file.

#include "core/flow/explore_log.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace widthwise::flow {

using explore::Metric;
using explore::Verdict;

namespace {

constexpr int64_t k_bits = 8;
constexpr std::array k_verdicts = {Verdict::measured, Verdict::screened, Verdict::rejected,
                                   Verdict::completed};

std::string packed(const explore::Answers& answers) {
    std::string bytes((answers.size() + k_bits - 1) / k_bits, '\0');
    for (size_t i = 0; i < answers.size(); ++i)
        if (answers[i] != 0) bytes[i / k_bits] = static_cast<char>(bytes[i / k_bits] | (1 << (i % k_bits)));
    return bytes;
}

explore::Answers unpacked(std::string_view bytes, int64_t samples) {
    explore::Answers answers(static_cast<size_t>(samples));
    for (size_t i = 0; i < answers.size(); ++i)
        answers[i] = (static_cast<unsigned char>(bytes[i / k_bits]) >> (i % k_bits)) & 1;
    return answers;
}

/// What is unknown is left out.
std::string figures_to_json(const explore::Outcome& outcome) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    const auto add = [&](std::string_view key, double value) {
        if (std::isfinite(value)) json[std::string(key)] = value;
    };
    for (const Metric metric : explore::k_metrics) add(explore::to_string(metric), outcome.figures[metric]);
    add("drop_sigma", outcome.drop_sigma);
    add("violation", outcome.violation);
    return json.dump();
}

bool read_figures(const std::string& text, explore::Outcome& outcome) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return false;
    const auto read = [&](std::string_view key, double& out) {
        const auto found = json.find(key);
        if (found == json.end()) return true;
        if (!found->is_number()) return false;
        out = found->get<double>();
        return true;
    };
    bool ok = read("drop_sigma", outcome.drop_sigma) && read("violation", outcome.violation);
    for (const Metric metric : explore::k_metrics)
        ok = ok && read(explore::to_string(metric), outcome.figures[metric]);
    return ok;
}

} // namespace

StoredCandidate to_stored(const Candidate& candidate, int64_t exploration) {
    const explore::Outcome& outcome = candidate.outcome;
    StoredCandidate stored;
    stored.exploration = exploration;
    stored.stage = "search";
    stored.number = candidate.number;
    stored.choices = explore::to_text(outcome.choices);
    stored.verdict = explore::to_string(outcome.verdict);
    stored.reason = outcome.reason;
    stored.figures_json = figures_to_json(outcome);
    stored.samples = outcome.samples;
    stored.answers = packed(candidate.answers);
    stored.seconds = candidate.seconds;
    return stored;
}

Result<Candidate> from_stored(const StoredCandidate& stored, const explore::Space& space) {
    const std::string where =
        "search " + std::to_string(stored.exploration) + ", design " + std::to_string(stored.number);
    const auto refuse = [&](const std::string& what) {
        return fail(ErrorCode::invalid_input, "the project's record of a design is damaged: " + what, where,
                    "start a new search");
    };
    Candidate candidate;
    candidate.number = stored.number;
    candidate.seconds = stored.seconds;
    explore::Outcome& outcome = candidate.outcome;
    auto choices = explore::choices_from_text(stored.choices, space);
    if (!choices) {
        choices.error().where = where;
        return forward_error(choices);
    }
    outcome.choices = std::move(*choices);
    const auto verdict =
        std::ranges::find(k_verdicts, stored.verdict, [](Verdict v) { return explore::to_string(v); });
    if (verdict == k_verdicts.end()) return refuse("verdict '" + stored.verdict.substr(0, 40) + "'");
    outcome.verdict = *verdict;
    outcome.reason = stored.reason;
    if (!read_figures(stored.figures_json, outcome)) return refuse("its figures cannot be read");
    outcome.samples = stored.samples;
    const auto bytes = static_cast<int64_t>(stored.answers.size());
    if (stored.samples < 0 || stored.samples > bytes * k_bits ||
        bytes != (stored.samples + k_bits - 1) / k_bits)
        return refuse(std::to_string(bytes) + " bytes of answers for " + std::to_string(stored.samples) +
                      " images");
    candidate.answers = unpacked(stored.answers, stored.samples);
    return candidate;
}

} // namespace widthwise::flow
