// In place of xmlbuilder2, which vtk.js needs only to read and write XML files.
export function create() {
  throw new Error("the viewer reads no XML");
}
export default { create };
