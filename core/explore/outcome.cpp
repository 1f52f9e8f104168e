#include "core/explore/outcome.h"

namespace widthwise::explore {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::measured:
        return "measured";
    case Verdict::screened:
        return "screened";
    case Verdict::rejected:
        return "rejected";
    }
    return "";
}

} // namespace widthwise::explore
