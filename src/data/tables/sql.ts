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

/** Whether a source of a table is a query, and no file: it begins with SELECT, WITH or FROM. */
export function isQuery(source: string): boolean {
  return /^\s*\(*\s*(select|with|from)\s/i.test(source);
}
