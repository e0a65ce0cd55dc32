// Before anything is drawn: the theme that was chosen, if one was.
(() => {
  const kept = localStorage.getItem("strati-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
