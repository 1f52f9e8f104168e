#include "widgets/document/exploration_backend.h"

namespace widthwise::gui {

ExplorationBackend ExplorationBackend::real() {
    return {flow::load_data, flow::make_space, flow::run_exploration, {}};
}

} // namespace widthwise::gui
