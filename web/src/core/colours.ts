/** A hue for every label: as the dataset says, else by its place, neighbours far apart. */

/** Degrees for oklch; the golden angle keeps any number of labels apart. */
export function hueOf(index: number): number {
  return Math.round((250 + index * 137.508) % 360);
}

/** The hue of a colour such as `#d9480f`; undefined where it is none, or grey. */
export function hueOfColour(colour: string): number | undefined {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!found) return undefined;
  const linear = (hex: string | undefined) => {
    const part = parseInt(hex ?? "0", 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, b] = [linear(found[1]), linear(found[2]), linear(found[3])];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const x = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const y = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  if (Math.hypot(x, y) < 0.02) return undefined;
  return Math.round(((Math.atan2(y, x) * 180) / Math.PI + 360) % 360);
}
