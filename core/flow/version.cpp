#include "core/flow/session.h"

namespace widthwise::flow {

std::string program_version() {
    return WIDTHWISE_VERSION;
}

} // namespace widthwise::flow
