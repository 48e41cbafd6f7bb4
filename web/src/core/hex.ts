/** Colours as screens pick them, `#rrggbb`, from the hues that labels get by themselves. */

function channel(linear: number): string {
  const bounded = Math.min(1, Math.max(0, linear));
  const part = bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055;
  return Math.round(part * 255).toString(16).padStart(2, "0");
}

/** A middling colour of that hue, in degrees of oklch. */
export function hexOfHue(hue: number): string {
  const [l, c, angle] = [0.62, 0.13, (hue * Math.PI) / 180];
  const [a, b] = [c * Math.cos(angle), c * Math.sin(angle)];
  const x = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const y = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const z = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = 4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z;
  const green = -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z;
  const blue = -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z;
  return `#${channel(red)}${channel(green)}${channel(blue)}`;
}
