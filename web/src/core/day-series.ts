/** Answers by person and day, as lines that grow: days without any are there as well. */

export interface DayRow {
  readonly annotator: string;
  /** A day as YYYY-MM-DD. */
  readonly from: string;
  readonly answers: number;
}

const DAY_MS = 86_400_000;
/** Of a longer time only the last days are shown; what came before is in their first value. */
const MOST = 90;

export function seriesOf(rows: readonly DayRow[]): { days: string[]; series: { name: string; values: number[] }[] } {
  const known = rows.map((each) => Date.parse(each.from)).sort((one, other) => one - other);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return { days: [], series: [] };
  // one day before the first, so that there is a line from the first answers on
  const begin = Math.max(first - DAY_MS, last - (MOST - 1) * DAY_MS);
  const days = Array.from({ length: Math.round((last - begin) / DAY_MS) + 1 }, (_, at) => new Date(begin + at * DAY_MS).toISOString().slice(0, 10));
  const names = [...new Set(rows.map((each) => each.annotator))].sort();
  const series = names.map((name) => {
    const own = rows.filter((each) => each.annotator === name);
    return { name, values: days.map((day) => own.reduce((sum, each) => (each.from <= day ? sum + each.answers : sum), 0)) };
  });
  return { days, series };
}

const APART = 3;
/** However many lines are equal, they stay this close to their value. */
const AT_MOST = 12;

/** Distance by which each line is moved on each day, so that lines that are equal lie beside each other. */
export function beside(lines: readonly (readonly number[])[]): number[][] {
  return lines.map((values, line) =>
    values.map((value, day) => {
      const equal = lines.flatMap((each, at) => (each[day] === value ? [at] : []));
      const step = Math.min(APART, AT_MOST / equal.length);
      return (equal.indexOf(line) - (equal.length - 1) / 2) * step;
    }),
  );
}
