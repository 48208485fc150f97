// The claims ledger's comforts. Its filter works without this (stylesheets/ledger.css); here come a search box,
// a count of what is shown, sections without a match hidden, and links to one claim that always show it.

/** Call on every page; safe to call twice for one. */
export function start() {
  const form = document.querySelector("form[data-ledger-filter]");
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "true";
  const groups = [...document.querySelectorAll(".dn-claims")].map((group) => {
    const about = group.previousElementSibling;
    return { parts: [about?.previousElementSibling, about, group].filter(Boolean), claims: [...group.children] };
  });
  const words = new Map(groups.flatMap((g) => g.claims).map((c) => [c, c.textContent.toLowerCase()]));

  const label = document.createElement("label");
  label.className = "dn-filter__search";
  label.textContent = "with the words ";
  const box = document.createElement("input");
  box.type = "search";
  label.append(box);
  const count = document.createElement("output");
  form.querySelector("fieldset").append(label, count);

  function show() {
    const verdict = new FormData(form).get("dn-verdict") || "all";
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { parts, claims } of groups) {
      let any = false;
      for (const claim of claims) {
        const fits = wanted.every((w) => words.get(claim).includes(w));
        claim.hidden = !fits;
        if (fits && (verdict === "all" || claim.dataset.verdict === verdict)) {
          any = true;
          shown += 1;
        }
      }
      for (const part of parts) part.toggleAttribute("data-ledger-empty", !any);
    }
    count.value = `${shown} of ${words.size} claims shown`;
  }

  // A link to a claim that the filter hides resets the filter, and its details stand open.
  function arrive() {
    const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!claim?.classList.contains("dn-claim")) return;
    if (claim.getClientRects().length === 0) {
      form.reset();
      box.value = "";
      show();
    }
    claim.querySelector("details")?.setAttribute("open", "");
    claim.scrollIntoView({ block: "start" });
  }

  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  const onHash = () => (form.isConnected ? arrive() : removeEventListener("hashchange", onHash));
  addEventListener("hashchange", onHash);
  show();
  arrive();
}
