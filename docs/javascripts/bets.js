// Predict, then check: the reader bets on a number or chooses an answer, and the page grades it with the figures' own
// numbers, which guess() and choose() left in the fold (sitekit/bets.py). Answers stay in this browser.
import { pace } from "./lab/dom.js";
import { element } from "./parts.js";

const KEPT = "dn-bets"; // localStorage: { "/page/#question": answer }
const MARKS = { right: "✓", close: "≈", off: "✗" };
const POSITIONS = 200; // of a slider

// ---- What has been answered. Where a browser keeps nothing, it is known until the page is left.
let memory = null;

function answers() {
  if (memory) return memory;
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return (memory = {});
  }
}

function keep(all) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(all));
    memory = null;
  } catch {
    memory = all;
  }
}

function remember(key, answer) { // none: forget it
  const all = answers();
  if (answer === undefined) delete all[key];
  else all[key] = answer;
  keep(all);
}

// ---- The two kinds of questions: { parts, focus, hint, read() -> { answer } or { complaint },
//      grade(answer) -> { grade, told }, or null if it is no answer to this, show(answer), clear() }

function numberBet(facts, name) {
  const { low, high, digits, suffix, factors, right, spot, close } = facts;
  const write = (value) => { // not Intl, which takes a phone a tenth of a second to begin with
    const [whole, ...rest] = String(Number(Math.abs(value).toFixed(digits))).split(".");
    return [(value < 0 ? "−" : "") + whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
  };
  const shown = (value) => write(value) + (value === 1 ? suffix.replace(/s$/, "") : suffix);
  const place = (value) => factors ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const there = (at) => {
    const value = factors ? Number((low * (high / low) ** at).toPrecision(2)) : low + at * (high - low);
    return Math.min(high, Math.max(low, Number(value.toFixed(digits))));
  };
  const inside = (value) => Math.min(1, Math.max(0, value));

  const number = element("input", { type: "number", inputmode: low < 0 ? null : "decimal", step: "any", min: low, max: high, autocomplete: "off" });
  const positions = factors ? POSITIONS : Math.min(POSITIONS, Math.round((high - low) * 10 ** digits));
  const slider = element("input", { type: "range", min: 0, max: positions, "aria-label": "Your bet, on a scale" });
  slider.addEventListener("input", () => { number.value = there(slider.value / positions); say(); });
  number.addEventListener("input", () => {
    if (Number.isFinite(number.valueAsNumber)) slider.value = Math.round(inside(place(number.valueAsNumber)) * positions);
    say();
  });
  const band = (reach) => {
    const [from, to] = (factors ? [right / reach, right * reach] : [right - reach, right + reach]).map((v) => inside(place(v)));
    const made = element("span", { class: "dn-bet__band" });
    made.style.setProperty("--from", from);
    made.style.setProperty("--to", to);
    return made;
  };
  const truth = element("span", { class: "dn-bet__truth" }, element("b", {}, shown(right)));
  truth.style.setProperty("--at", place(right));
  const [under, over] = [[band(close), band(spot)], [truth]].map((marks) => element("div", { class: "dn-bet__marks", "aria-hidden": "true" }, ...marks));
  const scale = element("div", { class: "dn-bet__scale" }, under, slider, over,
    element("span", { class: "dn-bet__end" }, write(low)), element("span", { class: "dn-bet__end" }, write(high)));
  function say() {
    const set = number.value !== "";
    scale.classList.toggle("dn-bet__scale--set", set);
    slider.setAttribute("aria-valuetext", set ? shown(number.valueAsNumber) : "not set yet");
  }
  const points = suffix.trim() === "%" ? " points" : suffix;
  const within = factors
    ? `Within a factor of ${spot} it is spot on, of ${close} close.`
    : spot ? `Within ${write(spot)}${points} it is spot on, within ${write(close)} close.` : `Off by no more than ${write(close)} is close.`;
  number.id = `${name}-number`;
  const label = element("label", { class: "dn-bet__label", for: number.id }, "Your bet");
  const unit = suffix.trim() && element("span", { class: "dn-bet__unit" }, suffix.trim());
  return {
    parts: [scale, element("div", { class: "dn-bet__row" }, label, number, unit)],
    focus: number,
    hint: within,
    read() {
      const value = number.valueAsNumber;
      if (!Number.isFinite(value)) return { complaint: "First set your number: slide, or type it." };
      if (value < low || value > high) return { complaint: `A number from ${write(low)} to ${write(high)}, please.` };
      return { answer: Number(value.toFixed(digits)) };
    },
    grade(answer) {
      if (typeof answer !== "number" || !(answer >= low && answer <= high)) return null;
      const away = factors ? Math.max(answer / right, right / answer) : Math.abs(answer - right);
      const slack = 10 ** -digits / 1000; // of how computers add
      const grade = away <= spot + slack ? "right" : away <= close + slack ? "close" : "off";
      const word = { right: "Spot on", close: "Close", off: "Off" }[grade];
      return { grade, told: answer === right ? `${word}: it is ${shown(right)}.` : `${word}. You said ${shown(answer)}, it is ${shown(right)}.` };
    },
    show(answer) {
      number.value = answer;
      slider.value = Math.round(place(answer) * positions);
      under.hidden = over.hidden = false;
      say();
    },
    clear() {
      number.value = "";
      slider.value = positions / 2;
      under.hidden = over.hidden = true;
      say();
    },
  };
}

function choiceBet({ options, right, values }, name) {
  const rows = options.map((text, i) => {
    const input = element("input", { type: "radio", name, value: i });
    const mark = element("span", { class: "dn-bet__mark", "aria-hidden": "true" });
    const measured = element("span", { class: "dn-bet__value dn-num" });
    return { input, mark, measured, row: element("label", { class: "dn-bet__option" }, input, element("span", {}, text), measured, mark) };
  });
  return {
    parts: [element("div", { class: "dn-bet__options" }, ...rows.map(({ row }) => row))],
    focus: rows[0].input,
    read() {
      const chosen = rows.findIndex(({ input }) => input.checked);
      return chosen < 0 ? { complaint: "First choose an answer." } : { answer: options[chosen] };
    },
    grade(answer) {
      if (!options.includes(answer)) return null;
      return answer === options[right]
        ? { grade: "right", told: `Right: “${answer}”.` }
        : { grade: "off", told: `Not this one. You said “${answer}”, it is “${options[right]}”.` };
    },
    show(answer) {
      rows.forEach(({ input, mark, measured, row }, i) => {
        input.checked = options[i] === answer;
        mark.textContent = i === right ? MARKS.right : input.checked ? MARKS.off : "";
        row.classList.toggle("dn-bet__option--right", i === right);
        measured.textContent = values ? values[i] : "";
      });
    },
    clear() {
      rows.forEach(({ input, mark, measured, row }) => {
        input.checked = false;
        mark.textContent = measured.textContent = "";
        row.classList.remove("dn-bet__option--right");
      });
    },
  };
}

// ---- One question: its fold moves into a card

function dress(host, n, path, changed) {
  const fold = host.closest("details");
  const facts = JSON.parse(host.dataset.bet);
  const summary = fold.querySelector("summary");
  const name = `bet-${n}`;
  const key = `${path}#${summary.textContent.trim()}`;
  const bet = (facts.kind === "guess" ? numberBet : choiceBet)(facts, name);

  const question = element("p", { class: "dn-bet__question", id: name }, ...summary.childNodes);
  const check = element("button", { class: "dn-bet__check" }, "Check");
  const again = element("button", { class: "dn-bet__again", type: "button", hidden: true }, "Try again");
  const inputs = element("fieldset", {}, element("legend", { class: "dn-sr" }, "Your bet"), ...bet.parts);
  (inputs.querySelector(".dn-bet__row") || inputs).append(check);
  const hint = bet.hint ? element("p", { class: "dn-bet__hint" }, bet.hint) : "";
  const verdict = element("p", { class: "dn-bet__verdict", role: "status" });
  const form = element("form", { novalidate: true }, inputs, hint);
  const card = element("div", { class: "dn-bet", role: "group", "aria-labelledby": name });
  fold.before(card);
  card.append(question, form, verdict, fold, again);

  function settle(answer) {
    const graded = answer === undefined ? null : bet.grade(answer);
    card.dataset.grade = graded?.grade ?? "";
    if (graded) bet.show(answer);
    else bet.clear();
    inputs.disabled = Boolean(graded);
    check.hidden = Boolean(graded);
    again.hidden = !graded;
    if (hint) hint.hidden = Boolean(graded);
    verdict.replaceChildren(...(graded ? [element("span", { "aria-hidden": "true" }, MARKS[graded.grade]), graded.told] : []));
    summary.textContent = graded ? "Why" : "Show me the answer";
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { answer, complaint } = bet.read();
    if (complaint) {
      verdict.textContent = complaint;
      bet.focus.focus();
      return;
    }
    remember(key, answer);
    settle(answer);
    fold.open = true;
    summary.focus({ preventScroll: true }); // the button that was pressed has gone
    changed();
  });
  const clear = () => { settle(); fold.open = false; };
  again.addEventListener("click", () => {
    remember(key);
    clear();
    bet.focus.focus();
    changed();
  });
  settle(answers()[key]);
  return { card, clear };
}

// ---- All of a page, and the line below the last one

/** Call on every page; safe to call twice for one. */
export async function dressBets() {
  const hosts = [...document.querySelectorAll("details.predict > .dn-bet[data-bet]:not([data-ready])")];
  if (!hosts.length) return;
  const pips = element("span", { class: "dn-bets__pips", "aria-hidden": "true" });
  const told = element("p", { class: "dn-bets__told", role: "status", tabindex: -1 });
  const forget = element("button", { class: "dn-bets__forget", type: "button", title: "On every page of this site" }, "Forget my answers");
  const count = () => {
    const grades = bets.map(({ card }) => card.dataset.grade);
    const of = (grade) => grades.filter((g) => g === grade).length;
    const parts = Object.keys(MARKS).filter(of).map((grade) => `${of(grade)} ${grade}`);
    told.textContent = parts.length
      ? `${grades.filter(Boolean).length} of ${bets.length} answered: ${parts.join(", ")}.`
      : bets.length > 1 ? `${bets.length} bets on this page, none made yet.` : "One bet on this page, not made yet.";
    pips.replaceChildren(...grades.map((grade) => element("span", { "data-grade": grade }, MARKS[grade] ?? "")));
    forget.hidden = !Object.keys(answers()).length;
  };
  const bets = [], next = pace(), path = location.pathname;
  for (const host of hosts) host.dataset.ready = "true";
  for (const [n, host] of hosts.entries()) {
    await next();
    if (!host.isConnected) return; // another page has come
    bets.push(dress(host, n, path, count));
  }
  forget.addEventListener("click", () => {
    keep({});
    bets.forEach((bet) => bet.clear());
    count();
    told.focus();
  });
  bets.at(-1).card.after(element("div", { class: "dn-bets", role: "group", "aria-label": "Your bets on this page" }, pips, told, forget));
  count();
}
