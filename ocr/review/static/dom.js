// Elements are made by these alone: text is always text, never markup.

export const $ = (id) => document.getElementById(id);

function fill(node, attributes, inside) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "hidden" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...inside.filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

export const el = (tag, attributes = {}, ...inside) =>
  fill(document.createElement(tag), attributes, inside);

export const svg = (tag, attributes = {}, ...inside) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, inside);

export const button = (text, attributes = {}) => el("button", {type: "button", ...attributes}, text);

export const icon = (sign, label, attributes = {}) =>
  el("button", {type: "button", class: "icon", "aria-label": label, title: label, ...attributes},
    el("span", {"aria-hidden": "true"}, sign));

export function say(text) {
  $("said").textContent = "";
  requestAnimationFrame(() => { $("said").textContent = text; });
}
