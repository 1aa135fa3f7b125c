// A menu made of <details> opens and closes by itself; this closes it when one looks elsewhere.
export function close(menu, withFocus) {
  if (!menu.open) return false;
  menu.open = false;
  if (withFocus) menu.querySelector("summary").focus();
  return true;
}

export function closeOthers(menus, inside) {
  for (const menu of menus) if (!inside || !menu.contains(inside)) close(menu, false);
}

if (typeof document !== "undefined") {
  const menus = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => closeOthers(menus(), event.target));
  document.addEventListener("focusin", (event) => closeOthers(menus(), event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) close(menu, menu.contains(document.activeElement));
  });
}
