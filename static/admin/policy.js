// Styles that libraries of the back office write as attributes go through the object model, as the policy demands.
(() => {
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (String(name).toLowerCase() === "style" && this.style) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
  if (window.htmx) window.htmx.config.includeIndicatorStyles = false;
})();
