#include "widgets/document/training_backend.h"

namespace widthwise::gui {

TrainingBackend TrainingBackend::real() {
    return {flow::load_data,        flow::train_network, flow::meta_train_network,
            flow::compress_network, flow::measure_zeros, flow::write_trained};
}

} // namespace widthwise::gui
