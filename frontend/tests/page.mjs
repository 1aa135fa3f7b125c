// The little of a browser that the scripts' pure parts touch, so that they are tested without one.
export class Storage {
  getItem(key) { return Object.hasOwn(this, key) ? this[key] : null; }
  setItem(key, value) { this[key] = String(value); }
  removeItem(key) { delete this[key]; }
}

export function makeField(values) {
  return { type: "text", disabled: false, checked: false, autocomplete: "", value: "", closest: () => null, ...values };
}

export function makeElement(values = {}) {
  const attributes = new Map();
  return {
    dataset: {},
    hidden: false,
    setAttribute: (name, value) => attributes.set(name, value),
    getAttribute: (name) => attributes.get(name) ?? null,
    removeAttribute: (name) => attributes.delete(name),
    ...values,
  };
}
