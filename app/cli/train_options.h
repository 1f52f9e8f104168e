#pragma once
// What `train` is asked to do.

#include "app/cli/design_options.h"
#include "core/flow/training.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace widthwise::cli {

/// Not to be moved once declared: the parser writes into it.
struct TrainOptions {
    std::string model, validation, calibration, output, checkpoint;
    std::vector<std::string> data;
    DesignOptions design;
    std::vector<std::string> prune;
    int64_t calibrate = 256, limit = 0;
    int threads = 0;
    bool qat = false, meta = false, resume = false, json = false;
    bool keep_sparsity = false, keep_sharing = false;
    train::BatchNormMode batch_norm = train::BatchNormMode::keep;
    train::ScaleLearning weight_scales = train::ScaleLearning::lsq;
    train::ScaleLearning activation_scales = train::ScaleLearning::lsq;
    // Of --meta; what was not said is as recommended.
    std::optional<std::vector<int>> meta_bits, meta_activation_bits;
    std::optional<int64_t> meta_tasks, meta_inner_steps;
    std::optional<train::MetaAlgorithm> meta_algorithm;

    void declare(CLI::App& command);
    /// usage errors: options that do not go together, or lack another.
    [[nodiscard]] Result<void> check() const;
    /// `recommended` with what was said, the checkpoint's file included. `pretrained`: the network is trained
    /// already.
    [[nodiscard]] train::Options training(train::Options recommended, bool pretrained) const;
    /// A design was named.
    [[nodiscard]] bool says_design() const;
    /// Empty: none is kept.
    [[nodiscard]] std::string checkpoint_file() const;

private:
    void declare_run(CLI::App& command);
    void declare_method(CLI::App& command);
    void declare_qat(CLI::App& command);
    void declare_meta(CLI::App& command);
    void declare_files(CLI::App& command);

    /// An option, as "--epochs", was given.
    [[nodiscard]] bool says(const char* name) const;

    /// An option that replaces a recommended value only where it was given.
    struct Said {
        const CLI::Option* option;
        std::function<void(const train::Options& from, train::Options& to)> copy;
    };
    template <typename T>
    CLI::Option* add(CLI::App& command, const char* name, T train::Options::*field, const char* help);
    template <typename T> CLI::Option* say(CLI::Option* option, T train::Options::*field);
    [[nodiscard]] Result<void> check_validation() const;
    [[nodiscard]] Result<void> check_idle() const; ///< options that would do nothing
    const CLI::App* m_command = nullptr;
    train::Options m_values; ///< what the parser writes to
    std::vector<Said> m_said;
};

} // namespace widthwise::cli
