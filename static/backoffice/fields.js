/* Forms of services and feeds: an input is shown only where it matters.
   data-when="auth=basic|bearer": only where the input "auth" has one of these values.
   What is wrong with an input is always shown. */
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const inputs = [...document.querySelectorAll("[data-when]")];
  const update = () => {
    for (const input of inputs) {
      const [name, values] = input.dataset.when.split("=");
      const chosen = document.querySelector(`select[name="${name}"]`);
      const group = input.closest(".form-group");
      if (!chosen || !group) continue;
      const isWrong = group.classList.contains("errors");
      group.hidden = !isWrong && !values.split("|").includes(chosen.value);
    }
  };
  for (const select of document.querySelectorAll("form select")) {
    select.addEventListener("change", update);
    // select2 tells a change to listeners of jQuery alone
    for (const jquery of [window.jQuery, window.django?.jQuery]) {
      jquery?.(select).on("change", update);
    }
  }
  update();
});
