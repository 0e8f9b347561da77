// Starts Swagger UI. The session's CSRF token goes along, so that try-it-out works when signed in.
const root = document.documentElement;
const button = document.getElementById("theme");
const name = () => { button.textContent = root.classList.contains("dark-mode") ? "Light" : "Dark"; };
button.addEventListener("click", () => { root.classList.toggle("dark-mode"); name(); });
name();
window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor: (request) => {
    const token = document.cookie.match(/(?:^|;\s*)_csrf_token=([^;]*)/);
    if (token) request.headers["X-CSRFToken"] = decodeURIComponent(token[1]);
    return request;
  },
});

// The menu of servers has an empty label.
new MutationObserver((_, observer) => {
  const servers = document.getElementById("servers");
  if (!servers) return;
  servers.setAttribute("aria-label", "Server");
  observer.disconnect();
}).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
