// Films: until somebody plays one, its whole poster can be seen, with a button on it instead of a bar over it.
// Without scripts the browser's own controls are there from the start.

const FIRST_SENTENCE = /^.*?[.:;](?=\s|$)/;

function dress(film) {
  film.dataset.dressed = "yes"; // once and for all: a film that was started and left keeps the browser's controls
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dn-play";
  const about = film.getAttribute("aria-label") || "";
  button.setAttribute("aria-label", `Play the film. ${(about.match(FIRST_SENTENCE) || [about])[0]}`);
  film.after(button); // the film itself is not moved: its poster would be painted a second time, and late
  film.controls = false;
  const start = () => { film.controls = true; button.remove(); };
  film.addEventListener("play", start, { once: true }); // whoever starts it
  button.addEventListener("click", () => {
    start();
    film.focus();
    film.play().catch(() => {}); // left or paused before it began
  });
}

// A film that was playing stops when it leaves the screen, so that nothing moves unseen.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (!isIntersecting && !target.paused) target.pause();
});

/** Call on every page; safe to call twice for one. */
export function watchFilms() {
  seen.disconnect();
  for (const film of document.querySelectorAll(".md-content video")) {
    seen.observe(film);
    if (film.controls && film.poster && !film.dataset.dressed) dress(film);
  }
}
