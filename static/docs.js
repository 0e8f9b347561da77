// Starts Swagger UI. The session's CSRF token goes along, so that try-it-out works when signed in.
window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
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
