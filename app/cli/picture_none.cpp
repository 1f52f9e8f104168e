// For builds without the window (WIDTHWISE_GUI=OFF).
#include "app/cli/picture.h"

namespace widthwise::cli {

std::vector<report::Picture> design_space_pictures(const std::vector<report::Design>&) {
    return {};
}

} // namespace widthwise::cli
