// Build the viewer of images into static/vendor/viewer: one small entry, the large library behind it.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { writeLicences } from "./licences.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const stub = (name) => path.join(here, "stubs", name);

// Stored files are uncompressed. Without the decoders of compressed ones no WebAssembly is shipped, and the
// Content-Security-Policy needs no 'wasm-unsafe-eval'; a compressed file is answered by a clear refusal.
const DECODERS = /dicom-image-loader\/dist\/esm\/shared\/decoders\/decode(?:JPEG|HTJ2K)\w*(?:-js)?\.js$/;
// Segmentation is computed in this worker; nothing is segmented here.
const COMPUTING = /tools\/dist\/esm\/workers\/computeWorker\.js$/;

function leaveOut() {
  return {
    name: "leave-out",
    enforce: "pre",
    load(id) {
      const file = id.split("?")[0];
      if (DECODERS.test(file)) return 'export { refuse as default, refuse as initialize } from "virtual:refuse";';
      if (COMPUTING.test(file)) return "export {};";
      return id === "\0refuse" ? 'export const refuse = () => Promise.reject(new Error("compressed"));' : null;
    },
    resolveId: (id) => (id === "virtual:refuse" ? "\0refuse" : null),
  };
}

export default defineConfig({
  root: here,
  base: "./",
  logLevel: "warn",
  // vtk.js reaches for an XML library that needs Node's own modules: with it the build passes and the page dies.
  resolve: { alias: [{ find: /^xmlbuilder2$/, replacement: stub("xmlbuilder2.js") }] },
  plugins: [leaveOut(), writeLicences("LICENSES.txt")],
  worker: { format: "es", plugins: () => [leaveOut()] },
  build: {
    target: "es2022",
    outDir: path.join(here, "..", "static", "vendor", "viewer"),
    emptyOutDir: true,
    sourcemap: false,
    chunkSizeWarningLimit: 6000,
    modulePreload: false,
    rollupOptions: {
      input: path.join(here, "src", "main.js"),
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "viewer.js" },
    },
  },
});
