/** Formats of dates, in the order in which they are tried; of those that fit equally many values, the first is taken. %z is read by `dateSql`. */
export const DATE_FORMATS: readonly string[] = [
  "%Y-%m-%d",
  "%Y-%m-%d %H:%M:%S",
  "%Y-%m-%dT%H:%M:%S",
  "%Y-%m-%dT%H:%M:%SZ",
  "%Y-%m-%dT%H:%M:%S.%fZ",
  "%Y-%m-%dT%H:%M:%S%z",
  "%Y-%m-%dT%H:%M:%S.%f%z",
  "%Y-%m-%d %H:%M:%S%z",
  "%Y-%m-%d %H:%M:%S.%f%z",
  "%Y-%m-%dT%H:%M:%S.%f",
  "%Y-%m-%d %H:%M:%S.%f",
  "%Y-%m-%d %H:%M",
  "%Y-%m-%dT%H:%M",
  "%Y-%m-%dT%H:%M%z",
  "%Y/%m/%d",
  "%Y/%m/%d %H:%M",
  "%d.%m.%Y",
  "%d.%m.%Y %H:%M",
  "%d.%m.%Y %H:%M:%S",
  "%m/%d/%Y",
  "%d/%m/%Y",
  "%m/%d/%Y %H:%M",
  "%d/%m/%Y %H:%M",
  "%m/%d/%Y %H:%M:%S",
  "%d/%m/%Y %H:%M:%S",
  "%m/%d/%Y %I:%M %p",
  "%m/%d/%Y %I:%M:%S %p",
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
