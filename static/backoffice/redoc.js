/* ReDoc would fetch its maker's logo from outside; no page of ours asks anybody there. */
(function () {
  "use strict";
  const image = HTMLImageElement.prototype;
  const source = Object.getOwnPropertyDescriptor(image, "src");
  const isOurs = (address) =>
    ["data:", "blob:"].some((kind) => address.startsWith(kind)) ||
    new URL(address, location.href).origin === location.origin;
  Object.defineProperty(image, "src", {
    ...source,
    set(address) {
      if (isOurs(String(address))) source.set.call(this, address);
    },
  });
  image.setAttribute = function (name, value) {
    if (name.toLowerCase() !== "src" || isOurs(String(value)))
      Element.prototype.setAttribute.call(this, name, value);
  };
})();
