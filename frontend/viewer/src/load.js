// From a series' files.json to images: stored integers as they are in the file, scaled to values only when told.
import { imageLoader, metaData } from "@cornerstonejs/core";
import dicomImageLoader from "@cornerstonejs/dicom-image-loader";

const FIRST = 20000; // Before the providers that read the file's own header.
const AT_ONCE = 4;
const frames = new Map(); // What a series said, by the id of each of its images.

// Positions are ours: rows and columns from the upper left corner, one slice behind the other. The file's own may be
// absent (a radiograph has none) or turned, and lengths within a slice do not depend on them.
function describePlane({ spacing, index, series }) {
  const [z, y, x] = spacing;
  return {
    frameOfReferenceUID: series,
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    rowCosines: [1, 0, 0],
    columnCosines: [0, 1, 0],
    imagePositionPatient: [0, 0, index * z],
    pixelSpacing: [y, x],
    rowPixelSpacing: y,
    columnPixelSpacing: x,
    sliceThickness: z,
    sliceLocation: index * z,
    usingDefaultValues: false,
  };
}

// The window and the scaling are kept by windows.js, in the unit of the values; the library sees stored integers.
// It would choose the type of scaled values by their ends, and cut off the fractions of a density from 0 to 1.
const PROVIDED = {
  imagePlaneModule: describePlane,
  modalityLutModule: () => ({}),
  voiLutModule: () => ({}),
};

export function startLoading() {
  dicomImageLoader.init({ maxWebWorkers: 2 });
  const load = dicomImageLoader.wadouri.loadImageFromNaturalizedMetadata;
  imageLoader.registerImageLoader("wadouri", (id, options) => load(id, { ...options, preScale: { enabled: false } }));
  metaData.addProvider((type, id) => (frames.has(id) ? PROVIDED[type]?.(frames.get(id)) : undefined), FIRST);
}

// Returns what the server tells of a series, with the ids of its images. Throws an Error a person can read.
export async function fetchSeries(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const told = await answer.json();
  if (!told.frames.length) throw new Error("this kind of file is not shown in the browser yet");
  const spacing = told.spacing_is !== "none" && told.spacing?.length === 3 ? told.spacing : [1, 1, 1];
  const ids = told.frames.map((frame) => `wadouri:${new URL(frame, location.href).href}`);
  ids.forEach((id, index) => frames.set(id, { spacing, index, series: told.series, spacingIs: told.spacing_is }));
  return { ...told, spacing, ids };
}

export async function loadImage(id) {
  const image = await imageLoader.loadAndCacheImage(id).catch((reason) => {
    throw new Error(explain(reason));
  });
  if (image.color) throw new Error("it is a colour picture");
  return image;
}

function explain(reason) {
  const told = String(reason?.error?.message ?? reason?.message ?? reason?.status ?? reason);
  return told.includes("compressed") ? "its pixels are compressed" : `the file could not be read (${told})`;
}

// All images of a series, a few at a time; each is kept, so that scrolling waits for nothing.
export async function loadAll(ids) {
  const images = new Array(ids.length);
  const waiting = [...ids.entries()];
  const take = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) images[next[0]] = await loadImage(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return images;
}

// PS3.3, C.11.1: what a stored number stands for. A file that does not say stores the values themselves.
export function scalingOf(image) {
  const natural = image.data ?? {};
  const number = (value, otherwise) => {
    const found = Number(Array.isArray(value) ? value[0] : value);
    return value === undefined || value === null || Number.isNaN(found) ? otherwise : found;
  };
  return { slope: number(natural.RescaleSlope, 1) || 1, intercept: number(natural.RescaleIntercept, 0) };
}

export const seriesOf = (id) => frames.get(id);
export const pixelsOf = (image) => image.voxelManager.getScalarData();
