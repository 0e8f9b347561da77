// Dark or light without loading the page anew: what was typed stays. Without scripts the link loads it.
const link = document.querySelector(".theme");
link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  fetch(link.href).catch(() => {}); // it keeps the choice in this browser
  const next = new URL(link.href);
  const chosen = next.searchParams.get("theme");
  const other = chosen === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = chosen;
  next.searchParams.set("theme", other);
  link.href = next.href;
  link.textContent = other[0].toUpperCase() + other.slice(1);
});
