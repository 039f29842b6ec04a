import { type Diagnosis, diagnose } from "../doctor/facts.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { formatBytes, formatSeconds } from "../format.ts";
import { type Column, paint, table } from "../terminal/index.ts";

export interface DoctorOptions {
  json?: boolean;
}

/** `descent doctor`: what this machine can do, and whether the engine computes what it should. */
export async function doctorCommand({ json = false }: DoctorOptions, look = diagnose): Promise<ExitCode> {
  const diagnosis = await look();
  console.log(json ? JSON.stringify(diagnosis, null, 2) : describe(diagnosis));
  return diagnosis.selfTest.passed ? EXIT.ok : EXIT.failed;
}

function describe({ versions, machine, engines, chosen, cache, selfTest }: Diagnosis): string {
  const heading = (text: string) => paint(text, "bold");
  const lines = [
    heading("Versions"),
    ...pairs(versions),
    "",
    heading("Machine"),
    ...pairs({
      system: machine.system,
      processor: machine.processor,
      cores: String(machine.cores),
      memory: `${formatBytes(machine.memoryBytes)} (${formatBytes(machine.freeBytes)} free)`,
    }),
    "",
    heading("Engines"),
  ];
  for (const { name, available, detail, facts } of engines) {
    lines.push(`  ${available ? paint("✓", "green") : paint("✗", "red")} ${name}: ${detail}`);
    lines.push(...pairs(facts, 4));
  }
  lines.push(chosen.engine ? `  Trainings use ${chosen.engine}.` : `  No training can run: ${chosen.reason}`);
  if (cache) lines.push(...pairs({ cache: `${cache.folder} (${cache.files} files, ${formatBytes(cache.bytes)})` }));
  return [...lines, "", ...describeTest(selfTest)].join("\n");
}

function describeTest({ engine, passed, seconds, trials }: Diagnosis["selfTest"]): string[] {
  if (engine === undefined) return [paint("Self-test not run: there is no engine.", "red")];
  const compared = engine === "reference" ? " (nothing else runs here)" : " against reference";
  const rows = trials.map(({ name, error, passed, problem }) => [
    `  ${name}`,
    Number.isFinite(error) ? error.toExponential(1) : "-",
    passed ? paint("ok", "green") : paint(problem ?? "failed", "red"),
  ]);
  const columns: Column[] = [
    { title: "  program", align: "left" },
    { title: "difference" },
    { title: "result", align: "left" },
  ];
  const verdict = passed
    ? paint(`Self-test passed in ${formatSeconds(seconds)}.`, "green")
    : paint(
        "Self-test FAILED: don't trust what this engine computes. Fix: set DESCENT_ENGINE=reference, and report it.",
        "red",
      );
  return [paint(`Self-test of ${engine}${compared}`, "bold"), table({ columns, rows }), verdict];
}

function pairs(facts: Readonly<Record<string, string | number>>, indent = 2): string[] {
  const width = Math.max(0, ...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts).map(([name, value]) => `${" ".repeat(indent)}${name.padEnd(width)}  ${value}`);
}
