/** Hands a file to the browser, as if a link to it had been clicked. */

export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // the browser has taken hold of it by then, and would keep it as long as the page lives
  setTimeout(() => { URL.revokeObjectURL(link.href); }, 60_000);
}
