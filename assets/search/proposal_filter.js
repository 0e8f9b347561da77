/** Lists of proposals: the field shows the text of the address, unless it is being edited. */
import { byId } from "../core/dom.js";

/**
 * @param {string | null} search
 * @returns {string | undefined}
 */
export function proposalText(search) {
  const field = byId("list-text");
  if (!field || field === document.activeElement) return undefined;
  return new URLSearchParams(search || "").get("q") || "";
}
