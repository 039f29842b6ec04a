/** What a metric can come to: one number, one per class, or a table such as the confusion matrix. */
export type MetricValue = number | number[] | number[][];

/** Loss and metrics by name; those of the validation data begin with "val", as "valLoss". */
export type Logs = Record<string, MetricValue>;

/** "accuracy" -> "valAccuracy". */
export function validationName(name: string): string {
  return `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
