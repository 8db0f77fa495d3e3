// What is wrong, why, and what to do about it.

import { element, section } from "./dom.js";

export class Findings {
  #session;
  #body = element("div", { class: "findings" });
  #drawn = "";

  constructor(session) {
    this.#session = session;
    this.element = section("Findings", this.#body);
  }

  draw() {
    const { findings, remarks = [] } = this.#session.view;
    const shape = JSON.stringify([findings.map(({ code, sentence }) => [code, sentence]), remarks]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    this.element.classList.toggle("wrong", findings.some((each) => !each.aside));
    const told = [...findings.map(card), ...remarks.map((each) => element("p", { class: "quiet" }, `Note: ${each}.`))];
    this.#body.replaceChildren(...(told.length > 0 ? told : [element("p", { class: "quiet" }, "Nothing is wrong.")]));
  }
}

function card({ code, sentence, fix, link, aside, evidence }) {
  return element("article", { class: aside ? "aside" : "" },
    element("h3", {}, element("code", {}, code), aside ? element("span", { class: "tag" }, "in passing") : null),
    element("p", { class: "sentence" }, sentence),
    element("p", {}, element("b", {}, "Fix: "), fix),
    element("details", {}, element("summary", {}, `Evidence (${evidence.length})`),
      element("ul", { class: "lines" }, evidence.map((line) => element("li", {}, element("code", {}, line)))),
      element("p", { class: "quiet small" }, link)));
}
