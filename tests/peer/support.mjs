// What the comparisons share: arguments, ONNX Runtime from npm in a folder of its own, our program.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const argument = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : path.resolve(process.argv[at + 1]);
};
const cli = argument("--cli", path.join(root, "build/release/bin/widthwise-cli"));
export const data = argument("--data", process.env.WIDTHWISE_TEST_DATA ?? path.join(root, "../shared/data"));

/// Removed at the end; the repository stays as it is.
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "widthwise-peer-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true, force: true }));

/// Installs npm packages into the scratch folder; returns a `require` that finds them.
export function install(...packages) {
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", ...packages],
    { cwd: scratch, stdio: ["ignore", "ignore", "inherit"] });
  return createRequire(path.join(scratch, "index.js"));
}

/// Our command line's standard output.
export const run = (...args) =>
  execFileSync(cli, args, { stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 });
