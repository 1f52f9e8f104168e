// Exports w8a8 designs as QDQ, runs them in ONNX Runtime and compares the predictions: see README.md.
import fs from "node:fs";
import path from "node:path";
import { data, install, run, scratch } from "./support.mjs";

const least = 0.995;

const networks = [
  { name: "resnet20", card: "cifar10/test.json" },
  { name: "resnet32", card: "cifar10/test.json" },
  { name: "squeezenet", card: "imagenet-sample/caffe227.json" },
];

const require = install("onnxruntime-node@1", "sharp@0");
const ort = require("onnxruntime-node");
const sharp = require("sharp");

/// Planes of one image, (p * scale - mean) / std in float32, from interleaved 8-bit RGB.
function planes(pixels, width, side, card) {
  const first = Math.floor((width - side) / 2);
  const out = new Float32Array(3 * side * side);
  for (let c = 0; c < 3; ++c) {
    const from = card.channels === "bgr" ? 2 - c : c;
    const mean = Math.fround(card.mean[c % card.mean.length]), std = Math.fround(card.std[c % card.std.length]);
    for (let y = 0; y < side; ++y) {
      for (let x = 0; x < side; ++x) {
        const p = pixels[((y + first) * width + x + first) * 3 + from];
        out[(c * side + y) * side + x] = Math.fround(Math.fround(Math.fround(p * Math.fround(card.scale)) - mean) / std);
      }
    }
  }
  return out;
}

async function* cifar(card, folder) {
  const bytes = fs.readFileSync(path.join(folder, card.images));
  const plane = 32 * 32;
  for (let at = 0; at + 3073 <= bytes.length; at += 3073) {
    const pixels = new Uint8Array(3 * plane);
    for (let i = 0; i < 3 * plane; ++i) pixels[(i % plane) * 3 + Math.floor(i / plane)] = bytes[at + 1 + i];
    yield planes(pixels, 32, 32, card);
  }
}

/// Images that have the size to be cropped from already: nothing is resampled here.
async function* folder(card, directory) {
  for (const line of fs.readFileSync(path.join(directory, card.labels), "utf8").split("\n")) {
    const file = line.split(",")[0].trim();
    if (!file.endsWith(".jpg")) continue;
    const image = await sharp(path.join(directory, card.images, file)).removeAlpha().raw()
      .toBuffer({ resolveWithObject: true });
    if (image.info.width !== card.resize || image.info.height !== card.resize)
      throw new Error(`${file} is ${image.info.width} x ${image.info.height}, not ${card.resize} x ${card.resize}`);
    yield planes(image.data, card.resize, card.crop, card);
  }
}

async function onnxRuntimePredictions(file, cardFile) {
  const card = JSON.parse(fs.readFileSync(cardFile, "utf8"));
  const session = await ort.InferenceSession.create(file);
  const images = card.format === "cifar10" ? cifar : folder;
  const side = card.format === "cifar10" ? 32 : card.crop;
  const predictions = [];
  for await (const image of images(card, path.dirname(cardFile))) {
    const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", image, [1, 3, side, side]) };
    const values = (await session.run(feeds))[session.outputNames[0]].data;
    predictions.push(values.reduce((best, v, i) => (v > values[best] ? i : best), 0));
  }
  return predictions;
}

const column = (file) => fs.readFileSync(file, "utf8").trim().split("\n").slice(1).map((line) => Number(line.split(",")[2]));
const share = (a, b) => a.filter((v, i) => v === b[i]).length / a.length;
const percent = (value) => `${(100 * value).toFixed(2)} %`;

console.log(`ONNX Runtime ${require("onnxruntime-node/package.json").version}, designs w8a8, exported as QDQ`);
console.log("| network | images | reloaded | ONNX Runtime |\n|---|---|---|---|");
let failed = false;
for (const { name, card } of networks) {
  const model = path.join(data, "models", `${name}.onnx`), cardFile = path.join(data, card);
  const file = (suffix) => path.join(scratch, name + suffix);
  run("evaluate", model, "--data", cardFile, "--bits", "w8a8", "--save-design", file(".json"),
    "--predictions", file(".csv"), "--json");
  run("export", model, "--design", file(".json"), "--data", cardFile, "--format", "qdq", "-o", file(".qdq.onnx"), "--json");
  run("evaluate", file(".qdq.onnx"), "--data", cardFile, "--predictions", file(".again.csv"), "--json");
  const ours = column(file(".csv"));
  const reloaded = share(ours, column(file(".again.csv")));
  const peer = await onnxRuntimePredictions(file(".qdq.onnx"), cardFile);
  if (peer.length !== ours.length) throw new Error(`${name}: ${ours.length} images here, ${peer.length} there`);
  const equal = share(ours, peer);
  failed ||= reloaded < 1 || equal < least;
  console.log(`| ${name} | ${ours.length} | ${percent(reloaded)} | ${percent(equal)} |`);
}
if (failed) {
  console.error(`fewer equal predictions than expected: 100 % reloaded, ${percent(least)} in ONNX Runtime`);
  process.exitCode = 1;
}
