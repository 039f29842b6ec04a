/** A text as SQL writes it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column's name as SQL writes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path that DuckDB takes by the letter, and not as a pattern of many. */
export function withoutPatterns(path: string): string {
  return path.replaceAll(/[[*?]/g, "[$&]");
}
