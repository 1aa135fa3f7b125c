// The library's tools: one is chosen for the left button and the finger; zoom, pan and slices always have their own.
import {
  addTool, annotation, init, LengthTool, PanTool, StackScrollTool, ToolGroupManager, WindowLevelTool, ZoomTool,
  Enums,
} from "@cornerstonejs/tools";
import { writeLength } from "./marks.js";
import { seriesOf } from "./load.js";

const { Primary, Secondary, Auxiliary, Wheel } = Enums.MouseBindings;
export const CHOICES = {
  window: WindowLevelTool.toolName,
  zoom: ZoomTool.toolName,
  pan: PanTool.toolName,
  length: LengthTool.toolName,
};
const ALWAYS = {
  [ZoomTool.toolName]: [{ mouseButton: Secondary }, { numTouchPoints: 2 }],
  [PanTool.toolName]: [{ mouseButton: Auxiliary }],
};

export function startTools() {
  init();
  for (const tool of [WindowLevelTool, ZoomTool, PanTool, LengthTool, StackScrollTool]) addTool(tool);
}

// The words beside a line. The library knows no spacing "at the detector", and calls a pixel a millimetre.
function writeLines(data, target) {
  const length = data.cachedStats[target]?.length;
  const series = seriesOf(target.replace(/^imageId:/, ""));
  return Number.isFinite(length) && series ? [writeLength(length, series.spacingIs)] : undefined;
}

export function makeTools(id, engineId, viewportIds) {
  const group = ToolGroupManager.createToolGroup(id);
  for (const name of Object.values(CHOICES)) group.addTool(name, name === LengthTool.toolName ? { getTextLines: writeLines } : {});
  group.addTool(StackScrollTool.toolName, { loop: false });
  for (const viewportId of viewportIds) group.addViewport(viewportId, engineId);
  group.setToolActive(StackScrollTool.toolName, { bindings: [{ mouseButton: Wheel }] });
  return {
    choose(choice) {
      for (const name of Object.values(CHOICES)) group.setToolPassive(name, { removeAllBindings: true });
      for (const name of Object.values(CHOICES)) {
        const own = name === CHOICES[choice] ? [{ mouseButton: Primary }] : [];
        const bindings = [...own, ...(ALWAYS[name] ?? [])];
        if (bindings.length) group.setToolActive(name, { bindings });
      }
    },
  };
}

// Lengths drawn on one viewport, each with its ends in world coordinates.
export function listLengths(element) {
  return annotation.state.getAnnotations(LengthTool.toolName, element) ?? [];
}

export function addLength(viewportId, ends) {
  LengthTool.hydrate(viewportId, ends);
}

export function clearLengths(element) {
  for (const one of [...listLengths(element)]) annotation.state.removeAnnotation(one.annotationUID);
}

export const LENGTH_DONE = Enums.Events.ANNOTATION_COMPLETED;
