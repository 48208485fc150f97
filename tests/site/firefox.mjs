// Firefox for tests in Python: one line of JSON in, one line of JSON out. Started as
//   node firefox.mjs <node_modules> <firefox> [serviceworkers]
// Firefox is spoken to by WebDriver BiDi, which it understands by itself.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, executablePath, kept] = process.argv.slice(2);
const found = createRequire(`${modules}/`).resolve("puppeteer-core");
const { default: puppeteer } = await import(pathToFileURL(found));
// Without service workers unless asked for, as in the tours with Chromium: what one is loading when a page is left is told as an error.
const extraPrefsFirefox = { "dom.serviceWorkers.enabled": kept === "serviceworkers" };
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, extraPrefsFirefox });
const page = await browser.newPage();
let errors = [], requests = [];
page.on("console", (message) => { if (message.type() === "error") errors.push(`console: ${message.text()}`); });
page.on("pageerror", (error) => errors.push(`exception: ${error.message}`));
page.on("request", (request) => requests.push(request.url()));

const commands = {
  async open({ url, width, height, dark }) {
    errors = [];
    await page.setViewport({ width, height });
    await page.goto(url, { waitUntil: "load", timeout: 60_000 });
    if (dark) await page.evaluate(() => document.body.setAttribute("data-md-color-scheme", "slate"));
    return null;
  },
  async before({ script }) { await page.evaluateOnNewDocument(`(${script})()`); return null; },
  evaluate: ({ script }) => page.evaluate(`(${script})()`),
  // By asking again and again: puppeteer's own waiting makes a function out of text, which the pages' policy forbids, and
  // Firefox, since one of its updates, holds it to that. While a page is being left, there is nothing to ask. What is true has
  // to be so three times: between two fonts, none is loading.
  async wait({ script, timeout }) {
    const end = Date.now() + timeout;
    let last = "it was never true";
    for (let held = 0; held < 3; await new Promise((done) => { setTimeout(done, 100); })) {
      if (Date.now() >= end) throw new Error(`waited ${timeout} ms: ${last}`);
      try {
        held = await page.evaluate(`(${script})()`) ? held + 1 : 0;
      } catch (error) {
        [held, last] = [0, String(error.message ?? error)];
      }
    }
    return null;
  },
  async click({ selector }) { await page.click(selector); return null; },
  async press({ key }) { await page.keyboard.press(key); return null; },
  async picture({ path }) { await page.screenshot({ path }); return null; },
  notes: () => ({ errors, requests }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { name, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[name](rest)) ?? null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();
