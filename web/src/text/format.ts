/** Numbers, lists, dates and sizes in the language that is active. */

import { i18n } from "./catalogue";

/** The language, in the form of the country that the browser prefers. */
const locales = (): string[] => [i18n.locales ?? i18n.locale].flat();

export const n = (value: number): string => i18n.number(value);

export const date = (value: Date, options: Intl.DateTimeFormatOptions): string => i18n.date(value, options);

/** Return a share as whole percents, small ones with a decimal. */
export function percent(share: number): string {
  return i18n.number(share, { style: "percent", maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 });
}

/** Return a share as whole percents, which reach 100 only when all is done. */
export function percentDone(share: number): string {
  return i18n.number(Math.floor(share * 100 + 1e-9) / 100, { style: "percent" });
}

export const percentOf = (share: number): string => i18n.number(share, { style: "percent", maximumFractionDigits: 0 });

export const decimal = (value: number, digits: number, options: Intl.NumberFormatOptions = {}): string =>
  i18n.number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...options });

/** Return a time span: seconds, with a decimal when there are few, from a minute and a half on minutes. */
export function seconds(value: number): string {
  if (value >= 90) return i18n.number(Math.round(value / 60), { style: "unit", unit: "minute" });
  return i18n.number(value, { style: "unit", unit: "second", maximumFractionDigits: value < 9.5 ? 1 : 0 });
}

export function bytes(value: number): string {
  if (value < 1e6) return i18n.number(Math.ceil(value / 1e3), { style: "unit", unit: "kilobyte" });
  return i18n.number(value / 1e6, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });
}

export function list(names: readonly string[]): string {
  return new Intl.ListFormat(locales()).format(names);
}

export function ago(value: number, unit: Intl.RelativeTimeFormatUnit): string {
  return new Intl.RelativeTimeFormat(locales(), { numeric: "auto" }).format(value, unit);
}

export function compare(one: string, other: string): number {
  return new Intl.Collator(locales(), { numeric: true }).compare(one, other);
}
