import assert from "node:assert/strict";
import test from "node:test";
import { close, closeOthers } from "../static/js/menus.js";

function makeMenu(inside) {
  const menu = { open: true, focused: false, contains: (what) => what === inside };
  menu.querySelector = () => ({ focus: () => { menu.focused = true; } });
  return menu;
}

test("looking elsewhere closes every menu but the one looked at", () => {
  const [mine, other] = [makeMenu("button"), makeMenu("link")];
  closeOthers([mine, other], "button");
  assert.ok(mine.open);
  assert.ok(!other.open);
});

test("closing by the keyboard gives the focus back to the menu's own button", () => {
  const menu = makeMenu("button");
  assert.ok(close(menu, true));
  assert.ok(menu.focused);
  assert.ok(!close(menu, true));
});
