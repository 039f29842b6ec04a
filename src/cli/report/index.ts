import { writeFileAtomic } from "../../util/node.ts";
import { renderReport } from "./page.ts";
import type { Report } from "./types.ts";

export { renderReport } from "./page.ts";
export { encodePng, pngDataUri } from "./png.ts";
export type { Highlight, Miss, Mistake, Report, ReportHistory, ReportSection, ReportTable } from "./types.ts";

/**
 * Writes a training's report as one HTML file that opens without network: curves, confusion matrix, scores by class,
 * the worst mistakes as pictures, the model and how it was made. The file is written whole or not at all.
 *
 * @throws the file system's error (a full disk, a read-only folder).
 * @example
 * await writeReport("runs/digits/report.html", { title: "Digits", history: { loss: [0.4, 0.1], valLoss: [0.3, 0.2] } });
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  await writeFileAtomic(path, renderReport(report));
}
