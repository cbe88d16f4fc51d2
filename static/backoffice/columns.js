/* Mapping form: "per cent" is offered only where the chosen field is a share. */
(() => {
  "use strict";
  const form = document.getElementById("columns-form");
  if (!form) return;
  const shares = form.dataset.shares.split(" ");
  const update = (select) => {
    const percent = select.closest("tr").querySelector(".percent");
    if (percent) percent.hidden = !shares.includes(select.value);
  };
  for (const select of form.querySelectorAll("select.js-field")) {
    update(select);
    select.addEventListener("change", () => update(select));
  }
})();
