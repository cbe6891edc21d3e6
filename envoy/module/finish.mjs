// The last step of `make wasm`: removes the exports that Envoy need not call, with the code that
// only they use, and lets binaryen optimise what the linker could not.
//
//     node finish.mjs <linked module> <exports.txt> <finished module>

import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

const [linked, list, finished] = process.argv.slice(2);
const lines = readFileSync(list, "utf8").split("\n");
const wanted = new Set(lines.filter((line) => line !== "" && !line.startsWith("#")));

const module = binaryen.readBinary(readFileSync(linked));
// The features that rustc uses for this target, those of .cargo/config.toml included; every
// supported Envoy accepts them. By default binaryen would use more.
module.setFeatures(
  binaryen.Features.BulkMemory |
    binaryen.Features.BulkMemoryOpt |
    binaryen.Features.SignExt |
    binaryen.Features.MutableGlobals |
    binaryen.Features.NontrappingFPToInt |
    binaryen.Features.Multivalue |
    binaryen.Features.ReferenceTypes |
    binaryen.Features.SIMD128,
);

const names = [];
for (let index = 0; index < module.getNumExports(); index += 1) {
  names.push(binaryen.getExportInfo(module.getExportByIndex(index)).name);
}
for (const name of wanted) {
  if (!names.includes(name)) {
    throw new Error(`${list} names ${name}, which ${linked} does not export`);
  }
}
names.filter((name) => !wanted.has(name)).forEach((name) => module.removeExport(name));

binaryen.setOptimizeLevel(3);
binaryen.setShrinkLevel(0);
module.optimize();
// The functions that are called most get the shortest numbers: half a percent smaller, the same code.
module.runPasses(["reorder-functions"]);
if (!module.validate()) {
  throw new Error(`${linked} is no longer valid`);
}
writeFileSync(finished, module.emitBinary());
