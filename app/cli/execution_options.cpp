#include "app/cli/execution_options.h"

namespace widthwise::cli {

void ExecutionOptions::declare(CLI::App& command) {
    command.add_option("--batch", batch, "Images that are processed together, for latency and energy")
        ->check(CLI::Range(int64_t{1}, int64_t{65536}))
        ->type_name("N")
        ->capture_default_str();
    command.add_flag_function(
        "--keep-feature-maps,!--no-keep-feature-maps",
        [this](int64_t count) { keep_feature_maps = count > 0; },
        "Feature maps that fit stay in the innermost shared memory between layers [as the target does]");
    command.add_flag(
        "--fuse", fuse,
        "Depth-first: chains of layers run tile by tile, so that maps between them stay on the chip");
    command.add_flag("--reorder", reorder,
                     "Run the operators in the order that needs least memory at its peak");
}

void ExecutionOptions::apply(cost::Options& options) const {
    options.batch = batch;
    options.keep_feature_maps = keep_feature_maps;
    options.fuse_layers = fuse;
    options.reorder = reorder;
}

std::vector<std::string> ExecutionOptions::map_options() const {
    std::vector<std::string> given;
    if (keep_feature_maps)
        given.emplace_back(*keep_feature_maps ? "--keep-feature-maps" : "--no-keep-feature-maps");
    if (fuse) given.emplace_back("--fuse");
    return given;
}

} // namespace widthwise::cli
