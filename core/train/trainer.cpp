#include "core/train/trainer.h"

#include "core/train/training_run.h"

namespace widthwise::train {

Result<Outcome> train(GraphPtr graph, const Dataset& training, const Dataset* validation,
                      const Options& options, const WorkControl& control, const Observer& observer) {
    if (Result<void> checked = validate(options); !checked) return forward_error(checked);
    TrainingRun run(options, control, observer);
    if (Result<void> ready = run.prepare(graph, training, validation); !ready) return forward_error(ready);
    return run.run();
}

} // namespace widthwise::train
