/** After an upgrade of the server the files that an open page knows are gone: it is loaded anew, once. */

const KEY = "apportion:reloaded";
/** A file that is missing this soon after is missing for another reason; then the page says so. */
const AGAIN_MS = 30_000;

/** Answers and drafts are kept in the browser as they are made, so nothing is lost by this. */
export function reloadAfterUpgrade(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < AGAIN_MS) return;
    sessionStorage.setItem(KEY, String(Date.now()));
    event.preventDefault();
    window.location.reload();
  });
}
