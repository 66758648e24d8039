// Making and changing the page.
//
// How does this work?  `h` makes an element; every string that it is given becomes a text node, so that nothing that
// people wrote can become markup.  `say` changes a text only when it differs, and `keyed` keeps one row for
// each key in the order wanted, so that focus, selection and screen readers are left in peace.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export function say(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

export function mark(element, name, value) {
  if (element.dataset[name] !== String(value)) element.dataset[name] = value;
}

// `rows` maps keys to {element, update}; `make` builds one for a new item.
export function keyed(parent, rows, items, make) {
  const wanted = new Set(items.map((item) => item.id));
  for (const [key, row] of rows) {
    if (!wanted.has(key)) {
      row.element.remove();
      rows.delete(key);
    }
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    let row = rows.get(item.id);
    if (!row) rows.set(item.id, (row = make(item)));
    row.update(item);
    if (row.element === place) place = place.nextElementSibling;
    else parent.insertBefore(row.element, place);
  }
}

// A state has a shape of its own, so that it is told without colour.
const SHAPES = {
  queued: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
  active: "M4 2.5v11l9.5-5.5z",
  paused: "M4 3h2.8v10H4zM9.2 3H12v10H9.2z",
  completed: "M2.5 8.5 6.5 12.5 13.5 4",
  failed: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  canceled: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM4.2 4.2l7.6 7.6",
};

export function shape() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("shape");
  svg.append(document.createElementNS(SVG, "path"));
  return svg;
}

export function draw(svg, state) {
  if (svg.dataset.state === state) return;
  svg.dataset.state = state;
  svg.firstElementChild.setAttribute("d", SHAPES[state] ?? SHAPES.queued);
}
