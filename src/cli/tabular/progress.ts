import type { Callback, EpochEndEvent, Terminal, TrainEndEvent, TrainEvent } from "../../train/index.ts";
import { formatNumber, formatSeconds } from "../format.ts";

/** Milliseconds between two drawings in a terminal, and without a line elsewhere. */
const DRAW_EVERY = 100;
const REMIND_AFTER = 20_000;

/**
 * How far one of several networks is: in a terminal, a line that is drawn over at every epoch; elsewhere only when 20 seconds passed without
 * one. What stays is a line for the network when it is trained.
 */
export function networkProgress(network: number, networks: number, terminal: Terminal = stdout): Callback {
  const title = `Network ${String(network).padStart(String(networks).length)}/${networks}`;
  const erase = terminal.interactive ? "\r\x1b[K" : "";
  let [started, saidAt, least, epochs] = [0, 0, Number.POSITIVE_INFINITY, 0];
  let isWhole = false; // seen from its first epoch on: not so of one that goes on from a checkpoint
  return {
    onTrainBegin({ training }: TrainEvent) {
      started = saidAt = performance.now();
      if (network === 1) terminal.write(`Engine ${training.engine}: ${training.engineReason}\n`);
    },
    onEpochEnd({ epoch, logs, training }: EpochEndEvent) {
      const loss = logs["valLoss"] as number;
      epochs = epoch + 1;
      isWhole ||= epoch === 0;
      least = Math.min(least, loss);
      const now = performance.now();
      if (now - saidAt < (terminal.interactive ? DRAW_EVERY : REMIND_AFTER)) return;
      saidAt = now;
      const line = `${title}  epoch ${epochs}/${training.epochs}  ${validation(loss)}`;
      terminal.write(`${erase}${line.slice(0, terminal.columns - 1)}${erase ? "" : "\n"}`);
    },
    onTrainEnd({ reason }: TrainEndEvent) {
      const seconds = formatSeconds((performance.now() - started) / 1000);
      const facts = isWhole ? `, lowest ${validation(least)}, ${seconds}` : "";
      const words = epochs === 0 && reason !== "interrupted" ? "trained before" : `${epochs} epochs${facts}`;
      terminal.write(`${erase}${title}  ${reason === "interrupted" ? "interrupted after " : ""}${words}\n`);
    },
  };
}

function validation(loss: number): string {
  return `validation loss ${formatNumber(loss)}`;
}

const stdout: Terminal = {
  get interactive() {
    return process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
  },
  get columns() {
    return process.stdout.columns || 80;
  },
  write: (text) => void process.stdout.write(text),
};
