/* Follows a file or sync on its way: asks where it stands, tells its figures, reloads
   when it has moved. */
(() => {
  "use strict";
  const head = document.querySelector("[data-follow]");
  if (!head) return;
  let pause = 1000;
  const look = async () => {
    try {
      const answer = await fetch(head.dataset.follow, { credentials: "same-origin" });
      const { status, live = {} } = await answer.json();
      if (status !== head.dataset.status) {
        window.location.reload();
        return;
      }
      for (const place of document.querySelectorAll("[data-live]")) {
        place.textContent = live[place.dataset.live] ?? place.textContent;
      }
    } catch {
      /* the server may be away for a while: ask again */
    }
    pause = Math.min(pause * 1.3, 10000);
    window.setTimeout(look, pause);
  };
  window.setTimeout(look, pause);
})();
