/* ReDoc would fetch its maker's logo from outside; no page of ours asks anybody there. */
(function () {
  "use strict";
  const set = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    const isOutside = this.tagName === "IMG" && name === "src" && /^https?:/.test(value);
    if (isOutside && new URL(value).origin !== location.origin) return;
    set.call(this, name, value);
  };
})();
