// The page's small part: the viewer itself is fetched when somebody comes near the images.
async function open(box) {
  try {
    const { openViewer } = await import("./viewer.js");
    await openViewer(box);
  } catch (reason) {
    box.dataset.state = "failed";
    box.querySelector("[data-missing]").hidden = false;
    console.warn(reason);
  }
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    open(target);
  }
}, { rootMargin: "50%" });

for (const box of document.querySelectorAll("[data-viewer]")) near.observe(box);
