/* Follows an ingestion on its way: asks where it stands, reloads when it has moved. */
(() => {
  "use strict";
  const head = document.querySelector("[data-follow]");
  if (!head) return;
  let pause = 1000;
  const look = async () => {
    try {
      const answer = await fetch(head.dataset.follow, { credentials: "same-origin" });
      const { status } = await answer.json();
      if (status !== head.dataset.status) {
        window.location.reload();
        return;
      }
    } catch {
      /* the server may be away for a while: ask again */
    }
    pause = Math.min(pause * 1.3, 10000);
    window.setTimeout(look, pause);
  };
  window.setTimeout(look, pause);
})();
