/** The image of a record: its metadata `_image_url`, as 1.x has it, and whether this page may load it by itself. */

export type RecordImage =
  /** Comes from this server, lies in the address itself, or from a host that the settings name. */
  | { readonly kind: "shown"; readonly src: string; readonly own: boolean }
  /** Comes from another host, which would learn who opens which record when: by a click only. */
  | { readonly kind: "linked"; readonly src: string; readonly host: string }
  | { readonly kind: "unusable"; readonly given: string };

const LONG = 120;

/** `page` is the address of this page, `hosts` those that the content security policy allows. */
export function imageOf(metadata: Readonly<Record<string, unknown>>, page: string, hosts: readonly string[]): RecordImage | null {
  const given = metadata["_image_url"];
  if (typeof given !== "string" || !given.trim()) return null;
  const unusable = { kind: "unusable", given: given.length > LONG ? `${given.slice(0, LONG)}…` : given } as const;
  if (!URL.canParse(given.trim(), page)) return unusable;
  const [url, here] = [new URL(given.trim(), page), new URL(page)];
  if (url.protocol === "data:") return /^data:image\//i.test(url.href) ? { kind: "shown", src: url.href, own: true } : unusable;
  if (url.protocol !== "http:" && url.protocol !== "https:") return unusable;
  if (url.origin === here.origin) return { kind: "shown", src: url.href, own: true };
  return isAllowed(url, here, hosts) ? { kind: "shown", src: url.href, own: false } : { kind: "linked", src: url.href, host: url.host };
}

/** As browsers read the policy: a host without a protocol has the page's, or a safer one. */
function isAllowed(url: URL, here: URL, hosts: readonly string[]): boolean {
  if (here.protocol === "https:" && url.protocol !== "https:") return false;
  return hosts.some((each) => each === "*" || (each.startsWith("*.") ? url.host.endsWith(each.slice(1)) : url.host === each));
}
