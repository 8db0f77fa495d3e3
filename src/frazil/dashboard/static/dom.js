// Elements. Text only ever becomes text: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; properties that begin with "on" are listeners, all others attributes. */
export function element(name, properties = {}, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** The same for SVG. */
export function drawing(name, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

function fill(made, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** A table; `head` has the names of the columns, each row its cells, the first of which names it. */
export function table(caption, head, rows) {
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    element("table", {},
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, element("tr", {}, head.map((each) => element("th", { scope: "col" }, each)))),
      element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell, index) =>
        index === 0 ? element("th", { scope: "row" }, cell) : element("td", {}, cell)))))));
}

/** A part of the page with a heading. */
export function section(title, ...children) {
  const id = `title-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return element("section", { class: "card", "aria-labelledby": id },
    element("h2", { id }, title), ...children);
}
