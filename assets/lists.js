// Lists of proposals: the field shows the words of the address, unless somebody is typing in it.
(function () {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    lists: {
      text: (search) => {
        const field = document.getElementById("list-text");
        if (!field || field === document.activeElement) return window.dash_clientside.no_update;
        return new URLSearchParams(search || "").get("q") || "";
      },
    },
  });
})();
