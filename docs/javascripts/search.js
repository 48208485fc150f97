// The index of the search is the largest file of a first visit, and few visitors search. Material asks for it at once; here
// the question waits until somebody turns to the search, by whatever means: all of them end in its field. Who comes from
// a search (?h=) has turned to it already: the words that were looked for are marked with its help.
{
  const wanted = new Promise((turned) => {
    const look = ({ target }) => {
      if (target instanceof Element && target.closest('[data-md-component="search"], [for="__search"]')) turned();
    };
    for (const kind of ["focusin", "pointerover"]) document.addEventListener(kind, look, { passive: true });
    const asked = new URLSearchParams(location.search);
    if (asked.has("h") || asked.has("q")) turned();
  });

  const { open, send } = XMLHttpRequest.prototype;

  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    this.waits = new URL(address, document.baseURI).pathname.endsWith("/search/search_index.json");
    return open.call(this, method, address, ...rest);
  };

  XMLHttpRequest.prototype.send = function (body) {
    if (this.waits) wanted.then(() => send.call(this, body));
    else send.call(this, body);
  };
}
