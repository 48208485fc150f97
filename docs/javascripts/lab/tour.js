// A guided tour: the lines of a list on the page, one after the other, above the form. Each line's link holds its settings.

import { el } from "./dom.js";

export class Tour {
  /** `on`: {go(search)}: take these settings. */
  constructor(on) {
    this.on = on;
    this.name = el("strong");
    this.said = el("p", { "aria-live": "polite" });
    this.back = el("button", { type: "button", text: "Back", onclick: () => this.show(this.at - 1) });
    this.next = el("button", { type: "button", text: "Next step", onclick: () => this.show(this.at + 1) });
    this.node = el("section", { className: "dn-lab__tour", hidden: true, "aria-label": "Guided tour" }, this.name, this.said,
      el("div", { className: "dn-lab__take" }, this.back, this.next, el("button", { type: "button", text: "End the tour", onclick: () => this.end() })));
  }

  /** Begins at a link's line, if it is one of a tour; any other link ends the tour. */
  follow(link) {
    const list = link.closest(".dn-tours ol");
    if (!list) return this.end();
    let heading = list;
    while (heading && !/^H\d$/.test(heading.tagName)) heading = heading.previousElementSibling;
    this.title = heading?.firstChild?.textContent.trim() ?? "Tour";
    this.steps = [...list.children].map((item) => ({ words: item.textContent.trim(), search: item.querySelector("a[href]").search }));
    this.at = [...list.children].indexOf(link.closest("li"));
    return this.tell();
  }

  show(at) {
    this.at = at;
    this.tell();
    this.on.go(this.steps[at].search);
  }

  tell() {
    const last = this.at === this.steps.length - 1;
    this.node.hidden = false;
    this.name.textContent = `${this.title}: step ${this.at + 1} of ${this.steps.length}`;
    this.said.textContent = this.steps[this.at].words;
    this.back.disabled = this.next.disabled = false; // else neither could be given the focus of the other
    if ((last && document.activeElement === this.next) || (!this.at && document.activeElement === this.back)) (last ? this.back : this.next).focus();
    Object.assign(this.back, { disabled: this.at === 0 });
    Object.assign(this.next, { disabled: last });
  }

  end() {
    this.node.hidden = true;
  }
}
