/** Formats of dates, in the order in which they are tried; of those that fit equally many values, the first is taken. */
export const DATE_FORMATS: readonly string[] = [
  "%Y-%m-%d",
  "%Y-%m-%d %H:%M:%S",
  "%Y-%m-%dT%H:%M:%S",
  "%Y-%m-%dT%H:%M:%SZ",
  "%Y-%m-%dT%H:%M:%S.%fZ",
  "%Y-%m-%d %H:%M",
  "%Y/%m/%d",
  "%Y/%m/%d %H:%M",
  "%d.%m.%Y",
  "%d.%m.%Y %H:%M",
  "%m/%d/%Y",
  "%d/%m/%Y",
  "%m/%d/%Y %H:%M",
  "%m/%d/%y",
  "%m/%d/%y %H:%M",
  "%d-%m-%Y",
  "%b %d %Y",
  "%b %d, %Y",
  "%d %b %Y",
  "%d-%b-%y",
  "%B %d, %Y",
  "%d %B %Y",
  "%Y-%m",
];

/** Days of the tropical year. */
const YEAR = 365.2425;

/** Periods of the circles on which a date has a place, in days. */
const PERIODS = { year: YEAR, week: 7, day: 1 } as const;

/**
 * Where a date stands in a year, a week or a day, as an angle of a circle, whose sine and cosine are numbers in which December is near January.
 *
 * @param days since 1970, UTC.
 */
export function angleIn(circle: keyof typeof PERIODS, days: number): number {
  return (2 * Math.PI * days) / PERIODS[circle];
}
