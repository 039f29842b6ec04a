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

/**
 * A date as numbers: days since 1970, and where it stands in the year, in the week and in the day, each as a point (sin, cos) of a circle,
 * so that December is near January.
 *
 * @param milliseconds since 1970, UTC.
 */
export function dateParts(milliseconds: number): [days: number, ...circles: number[]] {
  const days = milliseconds / 86_400_000;
  const turn = (period: number) => [Math.sin((2 * Math.PI * days) / period), Math.cos((2 * Math.PI * days) / period)];
  return [days, ...turn(YEAR), ...turn(7), ...turn(1)] as [number, ...number[]];
}

/** What stands behind the days, in order. */
export const DATE_PARTS = ["year sin", "year cos", "week sin", "week cos", "day sin", "day cos"] as const;
