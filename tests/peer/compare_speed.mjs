// Images per second of resnet20 here and in ONNX Runtime, on two threads each, in turns: see README.md.
import fs from "node:fs";
import path from "node:path";
import { data, install, run, scratch } from "./support.mjs";

const rounds = 5, seconds = 2, threads = 2;
const require = install("onnxruntime-node@1");
const ort = require("onnxruntime-node");

const model = path.join(data, "models/resnet20.onnx"), card = path.join(data, "cifar10-jpeg/test.json");
const qdq = path.join(scratch, "resnet20.qdq.onnx");
run("export", model, "--bits", "w8a8", "--data", path.join(data, "cifar10/test.json"), "--format", "qdq", "-o", qdq);

/// The values do not matter to the time; normalized pixels lie in this range.
function images(batch) {
  const values = new Float32Array(batch * 3 * 32 * 32);
  for (let i = 0; i < values.length; ++i) values[i] = ((i * 2654435761) % 4096) / 1024 - 2;
  return new ort.Tensor("float32", values, [batch, 3, 32, 32]);
}

async function peer(file) {
  const session = await ort.InferenceSession.create(file,
    { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential" });
  const name = session.inputNames[0];
  return async (batch) => {
    const feeds = { [name]: images(batch) };
    await session.run(feeds);
    const begin = performance.now();
    let done = 0;
    while (performance.now() - begin < 1000 * seconds) {
      await session.run(feeds);
      done += batch;
    }
    return (1000 * done) / (performance.now() - begin);
  };
}

/// The quantized run alone, reading of the 10,000 images included.
const ours = (...design) =>
  JSON.parse(run("evaluate", model, "--data", card, "--threads", String(threads), "--memory-budget", "0", "--json",
    ...design)).images_per_second;

const float = await peer(model), quantized = await peer(qdq);
// Each file at the batch size that suits it best.
const best = async (speed) => {
  const speeds = [];
  for (const batch of [1, 8, 32, 64, 128, 256]) speeds.push([await speed(batch), batch]);
  return speeds.sort((a, b) => b[0] - a[0])[0][1];
};
const batches = [await best(float), await best(quantized)];
const rows = [];
for (let round = 0; round < rounds; ++round)
  rows.push([await float(batches[0]), await quantized(batches[1]), ours(), ours("--bits", "w8a8")]);

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const ratio = (over, under) => median(rows.map((row) => row[over] / row[under])).toFixed(2);
const speed = (column) => Math.round(median(rows.map((row) => row[column])));
console.log(`ONNX Runtime ${require("onnxruntime-node/package.json").version}, ${threads} threads, batches of ${batches}`);
console.log("| images/s | ONNX Runtime | here |\n|---|---|---|");
console.log(`| float32 | ${speed(0)} | ${speed(2)} |\n| w8a8 | ${speed(1)} | ${speed(3)} |`);
console.log(`w8a8 here: ${ratio(3, 0)} x ONNX Runtime's float32, ${ratio(3, 1)} x its w8a8 (medians of ${rounds} rounds)`);
if (ratio(3, 0) < 2.5 || ratio(3, 1) < 1.2) {
  console.error("slower than expected: 2.5 x its float32, 1.2 x its w8a8");
  process.exitCode = 1;
}
