// Where a pixel of the image is: in the library's world (mm, or pixels where the spacing is unknown) and on the screen.
// Where the library draws by the processor it counts from the corner of the first pixel, else from its centre.
export function makePlaces({ stage, viewport, spacing: [dz, dy, dx], isCpu }) {
  const shift = isCpu ? 0.5 : 0;
  const round = isCpu ? Math.floor : Math.round;
  const places = {
    worldAt: ([x, y]) => [(x + shift) * dx, (y + shift) * dy, viewport.getCurrentImageIdIndex() * dz],
    indexAt: (canvasPoint) => {
      const [x, y] = viewport.canvasToWorld(canvasPoint);
      return [round(x / dx), round(y / dy)];
    },
    canvasAt: (index) => viewport.worldToCanvas(places.worldAt(index)),
    middle: () => places.indexAt([stage.clientWidth / 2, stage.clientHeight / 2]),
    pixelUnder: ({ clientX, clientY }) => {
      const box = stage.getBoundingClientRect();
      return places.indexAt([clientX - box.left, clientY - box.top]);
    },
    // CSS pixels to a mm, or to a pixel of the image.
    pixelsPerUnit: () => {
      const [one, other] = [[0, 0], [1, 0]].map(places.canvasAt);
      return Math.hypot(one[0] - other[0], one[1] - other[1]) / dx;
    },
  };
  return places;
}
