// Draw a chart from the JSON beside it. The library comes only when a chart is there; without it the table stands alone.
const MARK = "SIMULATED";

// The figure as it is drawn: the page's own colours and type, and the mark of origin inside the picture.
export function dress(figure, style, origin) {
  const axis = { gridcolor: style.line, linecolor: style.strong, zerolinecolor: style.strong, automargin: true };
  const layout = {
    margin: { l: 56, r: 16, t: 16, b: 48 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    colorway: style.colorway,
    hovermode: "closest",
    // Above the drawing: with more lines it grows upwards, and the margin with it.
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    ...figure.layout,
    font: { family: style.family, size: 14, color: style.ink, ...figure.layout?.font },
    xaxis: { ...axis, ...figure.layout?.xaxis },
    yaxis: { ...axis, ...figure.layout?.yaxis },
  };
  const annotations = [...(layout.annotations ?? [])];
  if (origin === "simulated") {
    annotations.push({
      text: MARK, xref: "paper", yref: "paper", x: 0.5, y: 0.5, showarrow: false, opacity: 0.16, textangle: -20,
      font: { size: 44, color: style.ink },
    });
  }
  return { data: figure.data ?? [], layout: { ...layout, annotations } };
}

export function readStyle(computed) {
  const value = (name) => computed.getPropertyValue(name).trim();
  return {
    ink: value("--ink"),
    line: value("--line"),
    strong: value("--line-strong"),
    family: computed.fontFamily,
    colorway: ["--primary", "--warn", "--shut", "--busy", "--bad", "--good"].map(value),
  };
}

function add(name, values) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(name), values);
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${values.src ?? values.href} did not come`));
    document.head.append(element);
  });
}

// Plotly adds a <style> by script, which the CSP refuses, unless it finds an element with the id it would give it.
// The first is the link to the rules shipped as a file; the second belongs to maps, which are not drawn here.
export const STYLE_IDS = ["plotly.js-style-global", "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53"];
const RULES = { rel: "stylesheet", id: STYLE_IDS[0], className: "no-inline-styles" };

let library = null;
function load({ plotly, plotlyStyle }) {
  if (!library) document.head.append(Object.assign(document.createElement("meta"), { id: STYLE_IDS[1] }));
  library ??= add("link", { ...RULES, href: plotlyStyle })
    .then(() => add("script", { src: plotly }))
    .then(() => window.Plotly);
  return library;
}

const figures = new Map(); // What a live chart was last told, by its box.
const ASK_MS = 1500;

async function draw(box) {
  const plotly = await load(box.dataset).catch(() => null);
  if (!plotly) return; // The notice and the table stay.
  box.classList.add("plot-on");
  const figure = figures.get(box) ?? JSON.parse(document.getElementById(box.dataset.plot).textContent);
  const style = readStyle(getComputedStyle(document.documentElement.querySelector("body")));
  const { data, layout } = dress(figure, style, box.dataset.origin);
  // The drawing lies above the page's flow: a box that is lower than it would let it run over the words below.
  if (layout.height) box.style.height = box.style.minHeight = `${layout.height}px`;
  await plotly.react(box, data, layout, { displayModeBar: false, responsive: true });
}

// A live chart asks for its figure until it is told that nothing more comes. A page that cannot be seen does not ask.
async function follow(box) {
  const told = document.hidden
    ? null
    : await fetch(box.dataset.live, { headers: { "X-Background": "1" } })
        .then((answer) => (answer.ok ? answer.json() : null))
        .catch(() => null);
  if (told) {
    figures.set(box, told.figure);
    await draw(box);
  }
  if (!told?.finished) setTimeout(() => follow(box), ASK_MS);
}

if (typeof document !== "undefined") {
  const boxes = [...document.querySelectorAll("[data-plot]")].filter((box) => box.dataset.plotly);
  // The library is large: it is fetched when somebody comes near the first chart.
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(target.querySelector("[data-plot]"));
    }
  }, { rootMargin: "50%" });
  for (const box of boxes) near.observe(box.parentElement);
  for (const box of boxes.filter((one) => one.dataset.live)) follow(box);
  const drawAgain = () => boxes.filter((box) => box.classList.contains("plot-on")).forEach(draw);
  document.addEventListener("trabecula:theme", drawAgain);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
}
